// The wire: what the window and the host say to each other. Generated from the Rust side; here is what the window calls it.
// Offsets are UTF-16 code units into `DocumentView.text`, half open. Times are milliseconds since 1970. Ids are numbers
// of the open library, except where a string is said.

export type * from './bindings'
import type * as wire from './bindings'

/** Older files of settings may lack some; what the host tells is always whole. */
export type Settings = Required<wire.Settings>
export type Startup = Omit<wire.Startup, 'settings'> & { settings: Settings }
