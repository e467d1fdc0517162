/**
 * Cuts metadata.managedFields out of an object's JSON text: often half of it, read by nobody here, and its keys are
 * different ones in each object, which the JavaScript engine remembers longer than it should.
 */

const BEGIN = '"managedFields":[';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The text without the first managedFields in it, which are those of the metadata. */
export function withoutManagedFields(text: string): string {
  const begin = text.indexOf(BEGIN);
  if (begin < 0) return text;
  const end = endOfArray(text, begin + BEGIN.length);
  return end < 0 ? text : `${text.slice(0, begin)}"managedFields":[]${text.slice(end)}`;
}

/** Behind the bracket that closes an array; at: behind the one that opens it. −1: none does. */
function endOfArray(text: string, at: number): number {
  let depth = 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfText(text, at + 1);
      if (at < 0) return -1;
    } else if (code === 0x5b || code === 0x7b) {
      depth++;
    } else if ((code === 0x5d || code === 0x7d) && --depth === 0) {
      return at + 1;
    }
  }
  return -1;
}

/** The quote that closes a string; at: behind the one that opens it. −1: none does. */
function endOfText(text: string, at: number): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return -1;
}
