/**
 * Cuts metadata.managedFields out of an object's JSON text: often half of it, read by nobody here, and its keys are
 * different ones in each object, which the JavaScript engine remembers longer than it should.
 */

const BEGIN = '"managedFields":[{';
/** Nothing in them is an array: the first that ends is theirs, unless it stands in the middle of a key. */
const END = "}]";

/**
 * Reads JSON text but for the first managedFields in it, which are those of the metadata. Throws SyntaxError.
 */
export function parseWithoutManagedFields(text: string): unknown {
  const begin = text.indexOf(BEGIN);
  const end = begin < 0 ? -1 : text.indexOf(END, begin + BEGIN.length);
  if (end < 0) return JSON.parse(text);
  try {
    return JSON.parse(`${text.slice(0, begin)}"managedFields":[]${text.slice(end + END.length)}`);
  } catch {
    return JSON.parse(text); // a key had the end's characters in it
  }
}
