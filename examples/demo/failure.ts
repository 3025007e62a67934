/** What ends the demo early, and is told in plain words. */
export class DemoFailure extends Error {}

/** Ctrl-C, or whoever reads the output went away. */
export class Interrupted extends Error {}
