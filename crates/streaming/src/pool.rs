//! Threads: one that cuts the inputs, and workers that take pieces as they come.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};

use documents::formats::ReadError;
use documents::pieces::{self, Piece};
use sha2::{Digest, Sha256};

use crate::work::{Done, Worker};
use crate::{Form, Input, StreamError};

/// Records of a piece: large enough that taking one costs nothing, small enough that workers end together.
const RECORDS: usize = 32;

/// A piece and its place.
pub(crate) struct WorkItem {
    pub input: usize,
    pub number: usize,
    pub piece: Piece,
}

/// What the writer hears.
pub(crate) enum Message<Part> {
    /// What came of a piece.
    Done { input: usize, number: usize, done: Done<Part> },
    /// An input has so many pieces, or cannot be read to its end.
    Cut { input: usize, end: Result<End, ReadError> },
    /// An input that is one piece cannot be read.
    Unreadable { input: usize, cause: ReadError },
    /// A worker cannot go on.
    Broken(StreamError),
}

/// What is known of an input that was read whole.
pub(crate) struct End {
    pub pieces: usize,
    pub bytes: u64,
    pub sha256: String,
}

/// Cuts inputs, until nobody takes pieces any more. A permit is taken for each piece, and comes back when it is written.
pub(crate) fn cut<Part>(
    inputs: &[(usize, &Input)],
    permits: &SyncSender<()>,
    items: &SyncSender<WorkItem>,
    messages: &Sender<Message<Part>>,
) {
    for (input, of) in inputs {
        let (mut number, mut gone) = (0, false);
        let mut take = |piece: Piece| {
            let item = WorkItem { input: *input, number, piece };
            number += 1;
            gone = permits.send(()).is_err() || items.send(item).is_err();
            if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let failed =
            |cause: io::Error| ReadError::Archive { file: of.name.clone(), problem: cause.to_string() };
        let end = Hashed::open(&of.path).map_err(failed).and_then(|mut hashed| {
            pieces::each(&mut hashed, &of.name, RECORDS, &mut take)?;
            // What stands behind the end of an archive counts, too.
            io::copy(&mut hashed, &mut io::sink()).map_err(failed)?;
            Ok(hashed.finish())
        });
        let end = end.and_then(|(sha256, bytes)| match number {
            0 => Err(ReadError::Empty { file: of.name.clone() }),
            pieces => Ok(End { pieces, bytes, sha256 }),
        });
        if gone || messages.send(Message::Cut { input: *input, end }).is_err() {
            return;
        }
    }
}

/// A file that is hashed as it is read.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

impl Hashed {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, hash: Sha256::new(), bytes: 0 })
    }

    /// The hash of all that was read, and how much that was.
    fn finish(self) -> (String, u64) {
        (self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), self.bytes)
    }
}

/// The hash of a whole file.
pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let mut hashed = Hashed::open(path)?;
    io::copy(&mut hashed, &mut io::sink())?;
    Ok(hashed.finish().0)
}

/// Works on pieces until there are none, on this thread alone.
pub(crate) fn serve<F: Form>(
    mut worker: Worker<'_, '_, F>,
    names: &[Input],
    items: &Mutex<Option<Receiver<WorkItem>>>,
    messages: &Sender<Message<F::Part>>,
) {
    loop {
        let item = items.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Receiver::recv);
        let Some(Ok(WorkItem { input, number, piece })) = item else { return };
        let message = match worker.piece(&names[input].name, &piece) {
            Ok(Ok(done)) => Message::Done { input, number, done },
            Ok(Err(cause)) => Message::Unreadable { input, cause },
            Err(cause) => Message::Broken(cause),
        };
        let broken = matches!(message, Message::Broken(_));
        if messages.send(message).is_err() || broken {
            return;
        }
    }
}
