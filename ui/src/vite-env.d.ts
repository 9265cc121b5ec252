declare const __SCRIPTED__: boolean
