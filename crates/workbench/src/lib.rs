//! The use cases of Osler: the one API that every client calls.
