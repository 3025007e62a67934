import { fillAddress, type TemplateValues } from '../model/address.ts'
import type { Credential } from '../model/credential.ts'
import type { Target } from '../model/target.ts'
import { isOriginRule } from './learnt-addresses.ts'

/**
 * Fills in what answers or the fields told, and `more`. A secret field is never part of an address, and a plain value never part of
 * its scheme, host or port: where a connector has one there it stays open, and no such address passes `checkDestination`.
 */
export function openAddress(
  target: Target,
  address: string,
  secret: Credential['secret'],
  more: TemplateValues = {}
): string {
  const { origins, plain } = valuesOf(target, secret)
  const opened = fillAddress(address, origins)
  const start = /^(?:[a-z]+:\/\/[^/?#]*|\{[a-z0-9_.]+\})/.exec(opened)?.[0] ?? ''
  return start + fillAddress(opened.slice(start.length), { ...plain, ...more })
}

interface Values {
  /** Allowed origins that an answer told. */
  readonly origins: TemplateValues
  readonly plain: TemplateValues
}

function valuesOf({ way }: Target, secret: Credential['secret']): Values {
  if (secret.kind === 'fields') {
    const declared = way.kind === 'oauth2' ? {} : way.fields
    return { origins: {}, plain: chosen(secret.fields, name => declared[name]?.secret === false) }
  }
  const rules = way.kind === 'oauth2' ? (way.learns ?? {}) : {}
  const isOrigin = (name: string): boolean => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    return rule !== undefined && isOriginRule(rule)
  }
  return {
    origins: chosen(secret.learnt, isOrigin),
    plain: chosen(secret.learnt, name => !isOrigin(name))
  }
}

/** Without what percent-encoding leaves as it is and would step out of a path, and what it cannot write. */
function chosen(values: TemplateValues, isChosen: (name: string) => boolean): TemplateValues {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => isChosen(name) && value !== '.' && value !== '..' && !/\p{Cs}/u.test(value)
    )
  )
}
