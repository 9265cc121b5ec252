//! Streamed calls: events in order, one ending, a way to stop.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Result, other};
use crate::wire::{Ending, StreamItem, Streamed};

/// Where the events of one stream go.
pub type Sink<Event> = Arc<dyn Fn(Streamed<Event>) + Send + Sync>;

/// The streamed calls that are under way, by the id that the client gave them.
#[derive(Debug, Clone, Default)]
pub struct Jobs(Arc<Mutex<Known>>);

/// What is known about jobs.
#[derive(Debug, Default)]
struct Known {
    /// A client may give one id twice: both are stopped by it.
    running: HashMap<String, Vec<Arc<AtomicBool>>>,
    /// Ids that were cancelled before their jobs had begun: a client's calls come on several threads.
    cancelled: VecDeque<String>,
    /// Ids of jobs that are over: a word that comes too late stops no later job.
    over: VecDeque<String>,
}

/// So many ids are remembered of either kind.
const REMEMBERED: usize = 256;

fn remember(ids: &mut VecDeque<String>, id: &str) {
    ids.truncate(REMEMBERED - 1);
    ids.push_front(id.to_owned());
}

impl Jobs {
    /// Runs `body` as the job `id`, and tells how it ended: exactly once, whatever happens, as the last event.
    ///
    /// A `body` that panics ends as failed. One that returns after [`Jobs::cancel`] ends as stopped.
    pub fn run<Event>(&self, id: &str, sink: Sink<Event>, body: impl FnOnce(&Stream<Event>) -> Result<()>) {
        let stopped = Arc::new(AtomicBool::new(false));
        {
            let mut known = self.lock();
            known.running.entry(id.to_owned()).or_default().push(Arc::clone(&stopped));
            if let Some(place) = known.cancelled.iter().position(|early| early == id) {
                known.cancelled.remove(place);
                stopped.store(true, Ordering::Relaxed);
            }
        }
        let stream = Stream { sink, stopped: Arc::clone(&stopped), next: Arc::default() };
        let result = catch_unwind(AssertUnwindSafe(|| body(&stream)));
        {
            let mut known = self.lock();
            if let Some(flags) = known.running.get_mut(id) {
                flags.retain(|flag| !Arc::ptr_eq(flag, &stopped));
                if flags.is_empty() {
                    known.running.remove(id);
                }
            }
            remember(&mut known.over, id);
        }
        let ending = match result {
            Ok(Ok(())) if stream.is_stopped() => Ending::Stopped,
            Ok(Ok(())) => Ending::Finished,
            Ok(Err(error)) => Ending::Failed { error },
            Err(_) => Ending::Failed {
                error: other(
                    "Osler made a mistake and could not finish this.",
                    "Try it again. If it comes back, copy the diagnostics and report it.",
                ),
            },
        };
        stream.send(StreamItem::Ending(ending));
    }

    /// Asks a job to stop, also one that has not begun yet. One that is over is left in peace.
    pub fn cancel(&self, id: &str) {
        let mut known = self.lock();
        match known.running.get(id) {
            Some(flags) => flags.iter().for_each(|flag| flag.store(true, Ordering::Relaxed)),
            None if known.over.iter().any(|over| over == id) => {}
            None => remember(&mut known.cancelled, id),
        }
    }

    /// Asks every job to stop: the program ends, or another library is opened.
    pub fn cancel_all(&self) {
        for flag in self.lock().running.values().flatten() {
            flag.store(true, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often a client is told of what grows: a window draws no faster, and each message costs it a piece of its time.
const PAUSE: Duration = Duration::from_millis(33);

/// Spaces out what comes with every token.
#[derive(Debug, Default)]
pub(crate) struct Pace(Option<Instant>);

impl Pace {
    /// Whether it is time to tell something again. The first time it always is.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.0.is_none_or(|told| told.elapsed() >= PAUSE);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}

/// One streamed call under way.
pub struct Stream<Event> {
    sink: Sink<Event>,
    stopped: Arc<AtomicBool>,
    next: Arc<AtomicU32>,
}

impl<Event> Stream<Event> {
    /// Tells the client something.
    pub fn tell(&self, event: Event) {
        self.send(StreamItem::Event(event));
    }

    /// Whether the client asked to stop; asked before every piece of work.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The flag behind [`Stream::is_stopped`], for work on another thread.
    #[must_use]
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }

    /// Stops from within: the call ends as stopped (a dialog was closed).
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The same stream, to tell the client something from the engine's thread while this one waits.
    pub(crate) fn sender(&self) -> Self {
        let (sink, stopped) = (Arc::clone(&self.sink), Arc::clone(&self.stopped));
        Self { sink, stopped, next: Arc::clone(&self.next) }
    }

    fn send(&self, item: StreamItem<Event>) {
        let seq = self.next.fetch_add(1, Ordering::Relaxed);
        (self.sink)(Streamed { seq, item });
    }
}

impl<Event> std::fmt::Debug for Stream<Event> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("stopped", &self.is_stopped())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::bad_input;

    fn heard(body: impl FnOnce(&Jobs, &Stream<u32>) -> Result<()>) -> Vec<Streamed<u32>> {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let jobs = Jobs::default();
        jobs.run("job", Arc::new(move |event| ear.lock().unwrap().push(event)), |stream| body(&jobs, stream));
        assert!(jobs.lock().running.is_empty());
        heard.lock().unwrap().clone()
    }

    fn ending(events: &[Streamed<u32>]) -> &Ending {
        let endings: Vec<&Ending> = events
            .iter()
            .filter_map(|event| match &event.item {
                StreamItem::Ending(ending) => Some(ending),
                StreamItem::Event(_) => None,
            })
            .collect();
        assert_eq!(endings.len(), 1);
        assert!(matches!(events.last().map(|last| &last.item), Some(StreamItem::Ending(_))));
        assert!(events.iter().zip(0..).all(|(event, place)| event.seq == place));
        endings[0]
    }

    #[test]
    fn a_stream_ends_once_and_says_how() {
        let finished = heard(|_, stream| {
            stream.tell(7);
            Ok(())
        });
        assert_eq!(finished.len(), 2);
        assert_eq!(ending(&finished), &Ending::Finished);

        let stopped = heard(|jobs, stream| {
            jobs.cancel("another");
            assert!(!stream.is_stopped());
            jobs.cancel("job");
            assert!(stream.is_stopped());
            Ok(())
        });
        assert_eq!(ending(&stopped), &Ending::Stopped);

        let failed = heard(|_, _| Err(bad_input("It cannot be read.", "Choose another.")));
        assert!(matches!(ending(&failed), Ending::Failed { error } if error.message == "It cannot be read."));

        let broken = heard(|_, stream| {
            stream.tell(1);
            panic!("on purpose")
        });
        assert!(matches!(ending(&broken), Ending::Failed { .. }));
    }

    #[test]
    fn a_word_that_comes_early_stops_one_that_comes_late_does_not_and_twins_stop_together() {
        let jobs = Jobs::default();
        let ends = |id: &str, body: &dyn Fn(&Stream<u32>)| {
            let told = Arc::new(Mutex::new(Vec::new()));
            let ear = Arc::clone(&told);
            let sink: Sink<u32> = Arc::new(move |event| ear.lock().unwrap().push(event));
            jobs.run(id, sink, |stream| {
                body(stream);
                Ok(())
            });
            let events = told.lock().unwrap().clone();
            ending(&events).clone()
        };
        jobs.cancel("early");
        assert_eq!(ends("early", &|stream| assert!(stream.is_stopped())), Ending::Stopped);
        assert_eq!(ends("early", &|_| ()), Ending::Finished, "a word stops one job");
        jobs.cancel("early");
        assert_eq!(ends("early", &|_| ()), Ending::Finished, "the job was over");
        let outer = ends("twin", &|outer| {
            assert_eq!(ends("twin", &|_| jobs.cancel("twin")), Ending::Stopped);
            assert!(outer.is_stopped());
        });
        assert_eq!(outer, Ending::Stopped);
    }
}
