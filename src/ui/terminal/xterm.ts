// xterm in the page's colours: copying with Ctrl-C when something is selected, pasting with Ctrl-V, and Shift-Tab to leave by keyboard.

import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

const theme = {
  background: '#0c1a28',
  foreground: '#d9e5ee',
  cursor: '#ef7a4e',
  cursorAccent: '#0c1a28',
  selectionBackground: '#2b4f72',
  black: '#1b2c3d',
  red: '#f58a82',
  green: '#58cba5',
  yellow: '#e6b450',
  blue: '#66b3f0',
  magenta: '#c3a1f2',
  cyan: '#5fd0d6',
  white: '#d9e5ee',
  brightBlack: '#7d93a6',
  brightRed: '#ffaaa3',
  brightGreen: '#86e3c4',
  brightYellow: '#f5d07f',
  brightBlue: '#9bcdf7',
  brightMagenta: '#dcc6f9',
  brightCyan: '#9be6ea',
  brightWhite: '#ffffff',
};

/** Opens a terminal in an element. */
export function openXterm(element: HTMLElement): { terminal: Terminal; fit: () => void; close: () => void } {
  const style = getComputedStyle(document.documentElement);
  const terminal = new Terminal({
    convertEol: true,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily: style.getPropertyValue('--mono').trim() || 'monospace',
    fontSize: 12.5,
    lineHeight: 1.2,
    scrollback: 5000,
    screenReaderMode: true,
    theme: { ...theme, background: style.getPropertyValue('--term-bg').trim() || theme.background },
  });
  const addon = new FitAddon();
  terminal.loadAddon(addon);
  terminal.open(element);
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown') return true;
    if (event.key === 'Tab' && event.shiftKey) return false;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === 'c' && (terminal.hasSelection() || event.shiftKey)) {
      void navigator.clipboard?.writeText(terminal.getSelection());
      terminal.clearSelection();
      event.preventDefault();
      return false;
    }
    // the browser's own paste reaches xterm as a paste event
    return !(command && event.key.toLowerCase() === 'v');
  });
  return {
    terminal,
    fit: () => {
      if (element.clientHeight > 20 && element.clientWidth > 40) addon.fit();
    },
    close: () => terminal.dispose(),
  };
}
