/** What the platform gives to the app's TypeScript. */
declare module 'platform' {
  /** An API that somebody authorized. Paths are relative to its base address; answers that are no success throw. */
  export interface ConnectedApi {
    get<T>(path: string): Promise<T>
    /** Sends JSON, or a form where the body is one. */
    post<T>(path: string, body: object | URLSearchParams): Promise<T>
    patch(path: string, body: object): Promise<void>
  }

  /**
   * The connection with this link name. The platform asks tieline for a credential that works
   * (`tieline token NAME --headers`) whenever a request leaves; the app's code never sees one.
   */
  export function connection(linkName: string): ConnectedApi

  /** A value that an administrator of the app has set. */
  export function setting(name: string): string

  /** Who is looking at the page. */
  export const viewer: { readonly email: string }
}
