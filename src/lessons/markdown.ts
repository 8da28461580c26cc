// Lesson text as HTML that is safe to put on the page: Markdown by `marked`, then everything but plain formatting taken out by DOMPurify.

import DOMPurify from 'dompurify';
import { marked } from 'marked';

const allowed = {
  ALLOWED_TAGS: [
    'p',
    'em',
    'strong',
    'code',
    'pre',
    'ul',
    'ol',
    'li',
    'a',
    'blockquote',
    'h3',
    'h4',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'br',
    'hr',
  ],
  ALLOWED_ATTR: ['href', 'title'],
  ALLOWED_URI_REGEXP: /^https?:/i,
};

/** HTML of a Markdown text. Needs a DOM. */
export function renderMarkdown(text: string): string {
  return safe(marked.parse(text, { async: false, gfm: true }));
}

/** The same for a line within other text. */
export function renderInline(text: string): string {
  return safe(marked.parseInline(text, { async: false, gfm: true }));
}

function safe(html: string): string {
  const fragment = DOMPurify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  const holder = document.createElement('div');
  holder.append(fragment);
  return holder.innerHTML;
}
