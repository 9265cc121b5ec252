//! Memory that is not needed any more.

/// Gives what was freed back to the system. The C library of Linux keeps it: after a long prompt, tens of megabytes that
/// nobody uses until the next one. Takes about a millisecond; elsewhere nothing.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // SAFETY: glibc's own function, of this type, callable at any time from any thread.
        unsafe { malloc_trim(0) };
    }
}
