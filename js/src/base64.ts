// Bytes as text. Uses the browser's own functions where they are, which not all have yet.

interface NativeBase64 {
  toBase64?: () => string
}
interface NativeFromBase64 {
  fromBase64?: (text: string) => Uint8Array
}

// What `String.fromCharCode` takes as arguments in one call without filling the stack.
const SLICE_BYTES = 8192

/** The bytes in base64. Takes a view of any buffer: part of one, shared or resizable. */
export function toBase64(bytes: Uint8Array): string {
  const native = (bytes as NativeBase64).toBase64
  if (native !== undefined) return native.call(bytes)
  let text = ''
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    text += String.fromCharCode(...bytes.subarray(start, start + SLICE_BYTES))
  }
  return btoa(text)
}

/** The bytes of the base64. Throws when it is none. */
export function fromBase64(text: string): Uint8Array {
  const native = (Uint8Array as NativeFromBase64).fromBase64
  if (native !== undefined) return native(text)
  return Uint8Array.from(atob(text), character => character.charCodeAt(0))
}
