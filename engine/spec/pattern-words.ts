/**
 * What each pattern of the schemas of specs allows, to stand after "must be". A pattern without words here falls back to its
 * schema's description; a test sees to it that none lacks them.
 */
const words: Readonly<Record<string, string>> = {
  '^[a-z][a-z0-9_]{0,49}$':
    'a name of lower-case letters, digits and underscores that starts with a letter, at most 50 characters',
  '^[a-z][a-z0-9_-]{0,49}$':
    'the id of a connector: lower-case letters, digits, underscores and hyphens, starting with a letter, at most 50 characters',
  '^[a-z][a-z0-9-]{0,49}$':
    'a word of lower-case letters, digits and hyphens that starts with a letter, at most 50 characters',
  '^[^\\p{C}\\p{Zl}\\p{Zp}]*$': 'printable text, without line breaks and other control characters',
  '^[^@\\s]{1,64}@[^@\\s]{1,255}$': 'an e-mail address',
  '^age1[02-9ac-hj-np-z]{58}$':
    'a public key as `age-keygen -y` prints it: age1 and 58 more characters',
  '^file:[^\\s].*$': 'file: and a folder of the workspace, for example file:state',
  '^[\\p{L}\\p{M}\\p{Nd} &@!:\\-_\\\\|/~*]{1,50}$':
    '1 to 50 letters, digits, spaces and & @ ! : - _ \\ | / ~ *',
  '^[\\p{L}\\p{M}\\p{Nd} &@!:\\-_\\\\|/~*]*$': 'letters, digits, spaces and & @ ! : - _ \\ | / ~ *',
  '^[!#-\\[\\]-~]{1,256}$':
    'one scope: printable ASCII without spaces, quotes and backslashes, at most 256 characters (RFC 6749, section 3.3)',
  '^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^\\s].{0,1023}|vault:[a-z][a-z0-9_]{0,49})$':
    'a reference: env:NAME, file:PATH or vault:NAME',
  '^https?://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?$':
    'scheme, host and port of an emulator on this machine, for example http://127.0.0.1:8080',
  '^https?://\\S+$': 'an address that starts with https:// or http://',
  '^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$': 'a month or a day: YYYY-MM or YYYY-MM-DD',
  '^(https?://|\\{[a-z][a-z0-9_.]*\\})[^\\s\\\\]*$':
    'an address that starts with https://, http:// or the {name} of one, without spaces and backslashes',
  '^[A-Za-z_][A-Za-z0-9_]{0,63}$':
    'the name of a member of the answer: letters, digits and underscores',
  '^(\\*\\.)?[a-z0-9{][a-z0-9.{}_-]*$':
    'a host name in lower case; *. may stand at its start for one or more labels',
  '^[A-Za-z0-9-]{1,64}$': 'the name of a header: letters, digits and hyphens',
  '^[A-Za-z0-9_.-]{1,64}$':
    'the name of a parameter: letters, digits, underscores, dots and hyphens',
  '^/[A-Za-z0-9/_.-]{0,100}$':
    'a path that starts with a slash: letters, digits, slashes, underscores, dots and hyphens',
  '^(/([^~/]|~[01])*)*$': 'a JSON Pointer, for example /data/0/id (RFC 6901)'
}

/** Undefined for a pattern that is not known. */
export function patternWords(pattern: string): string | undefined {
  return Object.hasOwn(words, pattern) ? words[pattern] : undefined
}
