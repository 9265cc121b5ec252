//! What to look at next.

use sessions::{QueueCursor, QueueFilter, QueueOrder};

use super::{OpenLibrary, count, document_id, id_of, marks, task_word};
use crate::error::{Result, bad_input};
use crate::wire;

impl OpenLibrary {
    /// A page of the queue.
    ///
    /// # Errors
    /// Those of the library; a place that no page gave.
    pub fn queue(
        &self,
        order: wire::QueueOrder,
        filter: &wire::QueueFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<wire::QueuePage> {
        let curator = self.curator();
        let filter = QueueFilter {
            relations: true,
            undecided_by: filter.undecided.then(|| curator.clone()),
            document: filter.document.map(document_id),
            task: filter.task.map(|task| task_word(task).to_owned()),
            kind: filter.kind.clone(),
            at_least: filter.at_least,
            ..QueueFilter::default()
        };
        let after: Option<QueueCursor> = after
            .map(|place| {
                serde_json::from_str(place)
                    .map_err(|_| bad_input("The place in the queue is not known.", "Begin the queue again."))
            })
            .transpose()?;
        let library = self.lock();
        let (entries, next) = library.queue(&curator, order_of(order), &filter, after, limit as usize)?;
        let entries = entries
            .into_iter()
            .map(|entry| {
                Ok(wire::QueueEntry {
                    document: id_of(entry.finding.document.0),
                    annotation: marks::annotation(&library, &entry.finding, &curator, self.names())?,
                    document_title: entry.title,
                    rank: entry.rank,
                })
            })
            .collect::<Result<_>>()?;
        Ok(wire::QueuePage {
            entries,
            total: count(library.queue_count(&filter)?),
            next: next.and_then(|next| serde_json::to_string(&next).ok()),
        })
    }
}

const fn order_of(order: wire::QueueOrder) -> QueueOrder {
    match order {
        wire::QueueOrder::Uncertainty => QueueOrder::Uncertainty,
        wire::QueueOrder::Disagreement => QueueOrder::Disagreement,
        wire::QueueOrder::Novelty => QueueOrder::Novelty,
        wire::QueueOrder::MaskedMass => QueueOrder::MaskedMass,
        wire::QueueOrder::Confidence => QueueOrder::Confidence,
        wire::QueueOrder::Reading => QueueOrder::Reading,
    }
}
