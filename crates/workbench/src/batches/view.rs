//! A batch as it is shown.

use sessions::{Batch, BatchState, ItemState};

use super::remaining::remaining;
use super::work::Settings;
use crate::OpenLibrary;
use crate::error::{Result, other};
use crate::library::{count, id_of, task};
use crate::wire::{self, HostError};

/// How this process stands to a batch.
#[derive(Debug, Default)]
pub(super) struct Here<'a> {
    /// Whether it works on it.
    pub(super) works: bool,
    /// The places of the items that it is at.
    pub(super) at: &'a [u64],
    /// Why it stopped, where nobody asked for that.
    pub(super) problem: Option<HostError>,
}

pub(super) fn batch(opened: &OpenLibrary, batch: &Batch, here: Here<'_>) -> Result<wire::Batch> {
    let Here { works, at, problem } = here;
    // One that cannot be read says so when it is to go on, and hides no other one here.
    let settings = Settings::read(batch.settings.clone()).unwrap_or_default();
    let total = usize::try_from(batch.total).unwrap_or(usize::MAX);
    let (items, findings) = opened.with(|library| {
        Ok((library.batch_items(batch.id, 0, total)?, library.findings_of_batch(batch.id)?))
    })?;
    let over = items.iter().filter(|item| matches!(item.state, ItemState::Done | ItemState::Failed));
    let seconds =
        each_alone(over.filter_map(|item| Some([item.claimed_at?.0, item.finished_at?.0])).collect());
    let spent: f64 = seconds.iter().sum();
    let current = at.first().and_then(|at| items.iter().find(|item| item.ordinal == *at));
    let current = match current {
        Some(item) => Some(opened.with(|library| Ok(library.document(item.document)?.title))?),
        None => None,
    };
    Ok(wire::Batch {
        id: id_of(batch.id.0),
        task: task(&batch.task),
        question: settings.parameters.get("question").and_then(|one| one.as_str()).map(str::to_owned),
        model: settings.model,
        state: match batch.state {
            BatchState::Running if works => wire::BatchState::Running,
            // Whoever ran it was killed or closed: it waits to be resumed.
            BatchState::Running | BatchState::Paused => wire::BatchState::Paused,
            BatchState::Cancelled => wire::BatchState::Cancelled,
            BatchState::Finished => wire::BatchState::Finished,
        },
        total: count(batch.total),
        done: count(batch.done),
        failed: count(batch.failed),
        skipped: count(batch.skipped),
        findings: count(findings.values().sum()),
        created_at: batch.created_at.0,
        seconds: spent,
        documents_per_minute: (spent > 0.0).then(|| seconds.len() as f64 * 60.0 / spent),
        remaining: remaining(&seconds, batch.waiting()),
        current,
        problem,
    })
}

/// Seconds that each document took of the time of a batch, from when they were begun and done in milliseconds: documents
/// side by side share theirs.
fn each_alone(mut times: Vec<[i64; 2]>) -> Vec<f64> {
    times.sort_by_key(|[_, until]| *until);
    let mut counted = i64::MIN;
    let seconds = times.into_iter().map(|[from, until]| {
        let own = (until - from.max(counted)).max(0);
        counted = counted.max(until);
        own as f64 / 1000.0
    });
    seconds.collect()
}

/// A page of its documents.
pub(super) fn items(
    opened: &OpenLibrary,
    id: sessions::BatchId,
    from: u32,
    limit: u32,
    at: &[u64],
) -> Result<Vec<wire::BatchItem>> {
    opened.with(|library| {
        let findings = library.findings_of_batch(id)?;
        let items = library.batch_items(id, u64::from(from), limit as usize)?;
        items
            .into_iter()
            .map(|item| {
                let title = library.document(item.document)?.title;
                let seconds = item
                    .finished_at
                    .zip(item.claimed_at)
                    .map(|(until, from)| (until.0 - from.0).max(0) as f64 / 1000.0);
                Ok(wire::BatchItem {
                    ordinal: count(item.ordinal),
                    document: id_of(item.document.0),
                    title,
                    state: match item.state {
                        ItemState::Waiting if at.contains(&item.ordinal) => wire::BatchItemState::Running,
                        ItemState::Waiting => wire::BatchItemState::Waiting,
                        ItemState::Done => wire::BatchItemState::Done,
                        ItemState::Failed => wire::BatchItemState::Failed,
                        ItemState::Skipped => wire::BatchItemState::Skipped,
                    },
                    findings: count(findings.get(&item.ordinal).copied().unwrap_or_default()),
                    seconds,
                    problem: item.problem.map(|problem| other(problem, "")),
                })
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::each_alone;

    #[test]
    fn documents_side_by_side_share_their_time() {
        assert_eq!(each_alone(vec![[0, 1000], [1000, 4000]]), [1.0, 3.0]);
        // Two at once, then a pause, then one.
        assert_eq!(each_alone(vec![[500, 5000], [0, 4000], [60_000, 61_000]]), [4.0, 1.0, 1.0]);
    }
}
