// Bytes as a text that JSON has without much ado. Must not know what they are.
//
// States of texts are mostly the text. Byte by byte, as characters, what is ASCII stays as it is, takes as little, and compresses
// with the text beside it; base64 is shorter for everything else. Whichever is shorter is taken.

import { fromBase64, toBase64 } from '../base64.js'

/** Says that every character is a byte. Not a digit of base64. */
const CHARACTERS = '~'
/** Control characters would be escaped by JSON. */
const CONTROLS = 0x20
const MOVED = 0x100

/** The bytes as text. */
export function packBytes(bytes: Uint8Array): string {
  let others = 0
  for (const byte of bytes) if (byte < CONTROLS || byte > 0x7e || byte === 0x22 || byte === 0x5c) others += 1
  if (bytes.length + others >= Math.ceil(bytes.length / 3) * 4) return toBase64(bytes)
  let text = CHARACTERS
  for (const byte of bytes) text += String.fromCharCode(byte < CONTROLS ? byte + MOVED : byte)
  return text
}

/** The bytes of the text. Throws when it is none that `packBytes` gives. */
export function unpackBytes(text: string): Uint8Array {
  if (!text.startsWith(CHARACTERS)) return fromBase64(text)
  const bytes = new Uint8Array(text.length - 1)
  for (let index = 0; index < bytes.length; index += 1) {
    const unit = text.charCodeAt(index + 1)
    if (unit >= MOVED + CONTROLS) throw new TypeError('not bytes')
    bytes[index] = unit
  }
  return bytes
}
