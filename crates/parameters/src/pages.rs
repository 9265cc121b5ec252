//! Weights in huge pages.
//!
//! A processor reads all weights for each token. The pages of a mapped file are small and may lie scattered; memory of no
//! file can lie in huge ones, which are read up to a third faster. So what is mapped is moved over piece by piece while it
//! is in use already: nobody waits for it, and it takes no more memory than one piece. On Linux only.

use std::fmt;
use std::fs::File;
use std::thread::JoinHandle;

/// A mapped file of weights.
#[derive(Default)]
pub struct Mapping(Option<(File, bytes::Bytes)>);

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapping of {} bytes", self.0.as_ref().map_or(0, |(_, bytes)| bytes.len()))
    }
}

impl Mapping {
    pub(crate) const fn new(file: File, bytes: bytes::Bytes) -> Self {
        Self(Some((file, bytes)))
    }

    /// Moves it over to huge pages on a thread of its own: once, and only if it is too large for the caches of a processor.
    pub fn settle(&mut self) -> Option<JoinHandle<()>> {
        let (file, bytes) = self.0.take()?;
        if !cfg!(target_os = "linux") || bytes.len() < LARGE {
            return None;
        }
        let work = move || {
            #[cfg(target_os = "linux")]
            if let Err(error) = linux::move_over(&file, &bytes) {
                tracing::debug!(%error, "weights stay in small pages");
            }
            #[cfg(not(target_os = "linux"))]
            drop((file, bytes));
        };
        std::thread::Builder::new().name("pages".to_owned()).spawn(work).ok()
    }
}

/// Files from this size on do not stay in the caches of a processor, in bytes.
const LARGE: usize = 64 << 20;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;
    use std::ptr::null_mut;

    use rustix::mm::{
        Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags, madvise, mmap_anonymous, mprotect,
        mremap_fixed, munmap,
    };

    /// A huge page.
    const HUGE: usize = 2 << 20;
    /// What is moved at once.
    const PIECE: usize = 16 << 20;

    /// All whole huge pages, a piece at a time; what lies before and behind them stays.
    pub(super) fn move_over(file: &File, mapped: &[u8]) -> io::Result<()> {
        let first = mapped.as_ptr().align_offset(HUGE);
        let last = mapped.len().saturating_sub(first) / HUGE * HUGE + first;
        for from in (first..last).step_by(PIECE) {
            move_piece(file, &mapped[from..last.min(from + PIECE)], from as u64)?;
        }
        Ok(())
    }

    /// `at`: where the piece begins in the file.
    #[expect(unsafe_code, reason = "memory that moves under those who read it is no business of safe code")]
    fn move_piece(file: &File, piece: &[u8], at: u64) -> io::Result<()> {
        let length = piece.len();
        // SAFETY: new memory that nobody else knows, where the system likes.
        let room = unsafe {
            mmap_anonymous(null_mut(), length + HUGE, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        }?;
        let before = room.cast::<u8>().align_offset(HUGE);
        let copy = room.cast::<u8>().wrapping_add(before);
        // Whether the move was tried: it unmaps the piece before it puts the copy there, and may fail in between.
        let mut tried = false;
        let moved = (|| {
            // SAFETY: inside the new memory.
            unsafe { madvise(copy.cast(), length, Advice::LinuxHugepage) }?;
            // SAFETY: as many bytes of the new memory, which the system has filled with zeros.
            file.read_exact_at(unsafe { std::slice::from_raw_parts_mut(copy, length) }, at)?;
            // SAFETY: the new memory takes the place of the piece of the mapping with the same bytes, so that whoever reads
            // there reads the same before and after; in between the system lets readers wait. The mapping is unmapped as a
            // whole when it is dropped, whatever lies there.
            unsafe {
                mprotect(copy.cast(), length, MprotectFlags::READ)?;
                tried = true;
                mremap_fixed(
                    copy.cast(),
                    length,
                    length,
                    MremapFlags::MAYMOVE,
                    piece.as_ptr().cast_mut().cast(),
                )
            }?;
            Ok(())
        })();
        if moved.is_err() && tried {
            map_again(file, piece, at)?;
        }
        // Where the copy was moved from may be somebody else's by now.
        let behind = HUGE - before;
        let rest = match moved {
            Ok(()) => [(room.cast(), before), (copy.wrapping_add(length), behind)],
            Err(_) => [(room.cast(), length + HUGE), (room.cast(), 0)],
        };
        for (from, count) in rest.into_iter().filter(|(_, count)| *count > 0) {
            // SAFETY: new memory that was not moved, of which nobody knows.
            unsafe { munmap(from.cast(), count) }?;
        }
        moved
    }

    /// Puts the piece of the file back where a move that failed may have left a hole: who reads there would be killed. Until
    /// it is back a reader may still meet the hole, which nothing can prevent: the system does both steps in one call.
    #[expect(unsafe_code, reason = "mapping a file at a place has no safe form")]
    fn map_again(file: &File, piece: &[u8], at: u64) -> io::Result<()> {
        // SAFETY: the place belongs to the mapping that `piece` is of, and gets what it had: the same bytes of the same file,
        // read only. Should the old pages still be there they are exchanged for the same ones.
        unsafe {
            rustix::mm::mmap(
                piece.as_ptr().cast_mut().cast(),
                piece.len(),
                ProtFlags::READ,
                MapFlags::SHARED | MapFlags::FIXED,
                file,
                at,
            )
        }?;
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use std::io::Write;
        use std::sync::atomic::{AtomicBool, Ordering};

        use super::*;

        /// As after a move that unmapped the piece and then failed.
        #[test]
        fn a_hole_that_a_failed_move_left_is_filled_again() {
            let mut file = tempfile::tempfile().unwrap();
            let bytes: Vec<u8> = (0..4u32 << 20).map(|i| (i % 251) as u8).collect();
            file.write_all(&bytes).unwrap();
            // SAFETY: nobody changes the file.
            #[expect(unsafe_code, reason = "mapping a file has no safe form")]
            let mapped = unsafe { memmap2::Mmap::map(&file) }.unwrap();
            let piece = &mapped[1 << 20..3 << 20];
            // SAFETY: nobody reads there before it is mapped again.
            #[expect(unsafe_code, reason = "unmapping has no safe form")]
            unsafe { munmap(piece.as_ptr().cast_mut().cast(), piece.len()) }.unwrap();
            map_again(&file, piece, 1 << 20).unwrap();
            assert!(mapped[..] == bytes[..]);
        }

        /// Also while somebody reads.
        #[test]
        fn a_mapping_holds_the_same_before_while_and_after_it_is_moved() {
            let mut file = tempfile::tempfile().unwrap();
            let words: Vec<u8> = (0..9_000_000u32).flat_map(|i| (i ^ i >> 7).to_le_bytes()).collect();
            file.write_all(&words).unwrap();
            // SAFETY: nobody changes the file.
            #[expect(unsafe_code, reason = "mapping a file has no safe form")]
            let mapped = unsafe { memmap2::Mmap::map(&file) }.unwrap();
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    let mut rounds = 0;
                    while !over.load(Ordering::Relaxed) || rounds == 0 {
                        assert!(mapped[..] == words[..]);
                        rounds += 1;
                    }
                });
                let moved = move_over(&file, &mapped);
                over.store(true, Ordering::Relaxed);
                reader.join().unwrap();
                moved.unwrap();
            });
            assert!(mapped[..] == words[..]);
            // Most of it is no part of the file any more.
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            let inside = |line: &&str| {
                let start = line.split('-').next().and_then(|start| usize::from_str_radix(start, 16).ok());
                start.is_some_and(|start| mapped.as_ptr_range().contains(&(start as *const u8)))
            };
            let anonymous = maps.lines().filter(inside).filter(|line| line.split_whitespace().count() == 5);
            assert!(anonymous.count() > 0, "{maps}");
        }
    }
}
