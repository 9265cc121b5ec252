//! Work shared out among the threads of the current rayon pool.
//!
//! Writing one token takes a hundred matrix products of some ten microseconds each, so handing over must cost little
//! and never wait for a thread that is still asleep: the calling thread starts at once, others join when they wake,
//! and whoever comes too late finds the job closed and goes. A thread that has helped stays awake for about as long as
//! lies between two products of one token: waking it would cost more than many of them take.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Splits `0..len` into one contiguous range per thread of the current pool, each a multiple of `grain` long except
/// the last, and runs `work` on them in parallel. Runs in place where there is only one range.
pub(crate) fn parallel_ranges(len: usize, grain: usize, work: impl Fn(Range<usize>) + Sync) {
    let threads = rayon::current_num_threads();
    let per = len.div_ceil(threads).div_ceil(grain.max(1)).max(1) * grain.max(1);
    parallel_chunks(len, per, work);
}

/// Splits `0..len` into chunks of `chunk` that the threads of the current pool take one after another: a thread that
/// wakes up late, or is held up by another program, just takes fewer.
///
/// # Panics
/// If `work` does, on whatever thread.
pub(crate) fn parallel_chunks(len: usize, chunk: usize, work: impl Fn(Range<usize>) + Sync) {
    let threads = rayon::current_num_threads();
    if threads == 1 || len <= chunk {
        return work(0..len);
    }
    let work: &(dyn Fn(Range<usize>) + Sync) = &work;
    // SAFETY: `Open` below closes the job and waits for everyone in it before `work` goes out of scope, even when
    // this thread panics, and nobody enters a closed job: the reference is not used longer than it lives.
    let work: &'static (dyn Fn(Range<usize>) + Sync) = unsafe { std::mem::transmute(work) };
    let job = Arc::new(Job {
        work,
        len,
        chunk,
        next: AtomicUsize::new(0),
        inside: AtomicUsize::new(0),
        caller: thread::current(),
        panic: Mutex::new(None),
    });
    let open = Open(&job);
    let helpers = threads.min(len.div_ceil(chunk)) - 1;
    let awake = NEXT.offer(&job);
    for _ in awake..helpers {
        let job = job.clone();
        rayon::spawn(move || help(job));
    }
    job.take_chunks();
    drop(open);
    let panic = job.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// Set in [`Job::inside`] when nobody may enter any more.
const CLOSED: usize = 1 << (usize::BITS - 1);
/// How long a thread looks for what it waits for before it lets the system put it to sleep.
const AWAKE: Duration = Duration::from_micros(100);

/// Whether something comes true within [`AWAKE`].
fn comes_soon(mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        // Asking for the time costs as much as some looks.
        for _ in 0..16 {
            if condition() {
                return true;
            }
            std::hint::spin_loop();
        }
        if begun.elapsed() > AWAKE {
            return false;
        }
    }
}

/// Helps with a job, and with those that follow it soon.
fn help(mut job: Arc<Job>) {
    loop {
        job.help();
        match NEXT.wait() {
            Some(next) => job = next,
            None => return,
        }
    }
}

/// The last job, for threads that are still awake. They may be of another pool: that is as well.
struct Next {
    job: Mutex<Option<Arc<Job>>>,
    /// Jobs so far.
    count: AtomicUsize,
    /// Threads that look.
    waiting: AtomicUsize,
}

static NEXT: Next = Next { job: Mutex::new(None), count: AtomicUsize::new(0), waiting: AtomicUsize::new(0) };

impl Next {
    /// Offers a job to the threads that spin for one, and returns how many those are.
    fn offer(&self, job: &Arc<Job>) -> usize {
        let waiting = self.waiting.load(Ordering::Acquire);
        if waiting > 0 {
            *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job.clone());
            self.count.fetch_add(1, Ordering::Release);
        }
        waiting
    }

    /// The next job, if it comes soon.
    fn wait(&self) -> Option<Arc<Job>> {
        let seen = self.count.load(Ordering::Acquire);
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let came = comes_soon(|| self.count.load(Ordering::Acquire) != seen);
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        // One that was offered while this thread gave up is not lost.
        let came = came || self.count.load(Ordering::Acquire) != seen;
        came.then(|| self.job.lock().unwrap_or_else(PoisonError::into_inner).clone()).flatten()
    }
}

struct Job {
    work: &'static (dyn Fn(Range<usize>) + Sync),
    len: usize,
    chunk: usize,
    next: AtomicUsize,
    /// Helpers at work, and [`CLOSED`].
    inside: AtomicUsize,
    caller: Thread,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Job {
    fn take_chunks(&self) {
        loop {
            let from = self.next.fetch_add(self.chunk, Ordering::Relaxed);
            if from >= self.len {
                return;
            }
            (self.work)(from..(from + self.chunk).min(self.len));
        }
    }

    fn help(&self) {
        let enter = |inside: usize| (inside & CLOSED == 0).then_some(inside + 1);
        if self.inside.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_err() {
            return;
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.take_chunks())) {
            *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
        // What was written is visible to the caller once it sees that this thread has left.
        if self.inside.fetch_sub(1, Ordering::Release) == CLOSED | 1 {
            self.caller.unpark();
        }
    }
}

/// Keeps a job open; dropping it waits until nobody is at work.
struct Open<'a>(&'a Job);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let others = self.0.inside.fetch_or(CLOSED, Ordering::Acquire) & !CLOSED;
        let left = || self.0.inside.load(Ordering::Acquire) == CLOSED;
        if others > 0 && !comes_soon(left) {
            while !left() {
                thread::park();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_again_and_again() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        pool.install(|| {
            for round in 0..2000 {
                let (len, chunk) = (1 + round % 37, 1 + round % 5);
                let counts: Vec<AtomicUsize> = (0..len).map(|_| AtomicUsize::new(0)).collect();
                parallel_chunks(len, chunk, |range| {
                    range.for_each(|i| {
                        counts[i].fetch_add(1, Ordering::Relaxed);
                    });
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "round {round}");
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        for at in [0, 50, 99] {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| parallel_chunks(100, 1, |range| assert!(!range.contains(&at))));
            }));
            assert!(result.is_err());
        }
    }
}
