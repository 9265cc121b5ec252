//! The PDF libraries panic on damaged files, which the reader catches: no finding. What Osler's own code panics at is one, in that
//! thread, too.

use std::panic::{PanicHookInfo, set_hook, take_hook};

/// Lets panics pass that come from a library and are caught on the reader's own thread.
pub fn panics_of_the_pdf_libraries() {
    let stop = take_hook();
    set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        let on_reader = std::thread::current().name() == Some("pdf");
        let of_library = panic.location().is_some_and(|place| {
            let file = place.file();
            file.contains("/registry/") || file.contains("/rustc/")
        });
        if !(on_reader && of_library) {
            stop(panic);
        }
    }));
}
