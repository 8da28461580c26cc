// Turns a page that a Service serves into one that can be shown in a sandboxed frame: pictures and style sheets are fetched through the API server's
// proxy and put inline; links are kept as addresses within the Service, for the preview to follow. Scripts are left out.
//
// Invariant: the result asks the network for nothing.

const most = 40;

type Fetch = (path: string) => Promise<Response>;

/** Where a link on `page` (a path within the Service) leads, as such a path; undefined if it leaves the Service. */
export function within(link: string, page: string): string | undefined {
  try {
    const base = new URL(page, 'http://service.invalid');
    const url = new URL(link, base);
    return url.origin === base.origin ? url.pathname + url.search + url.hash : undefined;
  } catch {
    return undefined;
  }
}

/** The page at `path` with all it needs inside. `get` fetches a path of the Service. */
export async function assemble(html: string, path: string, get: Fetch): Promise<string> {
  const document = new DOMParser().parseFromString(html, 'text/html');
  for (const gone of document.querySelectorAll('script, base, iframe, object, embed, meta[http-equiv]')) gone.remove();
  for (const element of document.querySelectorAll('*'))
    for (const { name } of [...element.attributes]) if (name.startsWith('on')) element.removeAttribute(name);
  const jobs: Promise<void>[] = [];
  for (const sheet of [...document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"][href]')].slice(0, most)) {
    jobs.push(
      textOf(sheet.getAttribute('href') ?? '', path, get).then((css) => {
        const style = document.createElement('style');
        style.textContent = css ?? '';
        sheet.replaceWith(style);
      }),
    );
  }
  for (const image of [...document.querySelectorAll<HTMLImageElement>('img[src]')].slice(0, most)) {
    image.removeAttribute('srcset');
    jobs.push(
      dataOf(image.getAttribute('src') ?? '', path, get).then((data) => {
        if (data) image.setAttribute('src', data);
        else image.removeAttribute('src');
      }),
    );
  }
  await Promise.all(jobs);
  for (const link of document.querySelectorAll('link')) link.remove();
  return `<!doctype html>${document.documentElement.outerHTML}`;
}

async function textOf(link: string, page: string, get: Fetch): Promise<string | undefined> {
  const at = within(link, page);
  if (!at) return undefined;
  const response = await get(at).catch(() => undefined);
  return response?.ok ? response.text() : undefined;
}

async function dataOf(link: string, page: string, get: Fetch): Promise<string | undefined> {
  if (link.startsWith('data:')) return link;
  const at = within(link, page);
  const response = at ? await get(at).catch(() => undefined) : undefined;
  if (!response?.ok) return undefined;
  const blob = await response.blob();
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => resolve(undefined);
    reader.readAsDataURL(blob);
  });
}
