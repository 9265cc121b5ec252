//! What a run is made of: everything that is needed to make it again.

use inference::{ModelProfile, NamesModel, TaskRequest};
use serde_json::json;
use sessions::{RunRecord, Timestamp, UsedDictionary};

/// Where the model that found the names is among a run's parameters.
const NAMES: &str = "names";

/// The record of a run over a text. `notices` and the model's id stand among its parameters.
pub(crate) fn run_record(
    request: &TaskRequest,
    profile: &ModelProfile,
    text_sha256: &str,
    notices: &[String],
    dictionaries: &[UsedDictionary],
    at: Timestamp,
) -> RunRecord {
    let mut parameters = request.parameters();
    if let Some(object) = parameters.as_object_mut() {
        object.insert("model_id".to_owned(), json!(profile.id));
        if let Some(names) = profile.names.as_ref().filter(|_| request.finds_names()) {
            object.insert(NAMES.to_owned(), json!(names));
        }
        if !notices.is_empty() {
            object.insert("notices".to_owned(), json!(notices));
        }
    }
    RunRecord {
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        model: profile.name.clone(),
        model_sha256: profile.sha256.clone(),
        tokenizer_sha256: profile.tokenizer_sha256.clone(),
        guidance_sha256: profile.guidance_sha256.clone(),
        task: request.task(),
        task_version: TaskRequest::VERSION.to_owned(),
        grammar_version: request.grammar_version().to_owned(),
        parameters,
        decoding: request.decoding(),
        seed: 0,
        device: profile.device.clone(),
        text_sha256: text_sha256.to_owned(),
        dictionaries: request.looks_names_up().then(|| dictionaries.to_vec()),
        made_at: at,
    }
}

/// The model that found the names of a stored run, where that was another one than the run's.
pub(crate) fn names_of(record: &RunRecord) -> Option<NamesModel> {
    serde_json::from_value(record.parameters.get(NAMES)?.clone()).ok()
}

/// The request of a stored run. `None` for one that this Osler does not know.
pub(crate) fn request_of(record: &RunRecord) -> Option<TaskRequest> {
    TaskRequest::of_record(&record.task, &record.parameters, &record.decoding)
}

#[cfg(test)]
mod tests {
    use inference::Mode;
    use tasks::RelationTask;

    use super::*;

    #[test]
    fn a_request_is_read_from_its_record() {
        let relations = |mode| TaskRequest::Relations { task: RelationTask::KdDti, mode };
        for request in [relations(Mode::Exhaustive { threshold: Some(0.25) }), relations(Mode::Generate)] {
            let notices = ["cut".to_owned()];
            let record = run_record(&request, &ModelProfile::default(), "", &notices, &[], Timestamp(1));
            assert_eq!(record.grammar_version.is_empty(), request != relations(Mode::Generate));
            assert_eq!(request_of(&record), Some(request));
        }
    }

    #[test]
    fn what_found_the_names_is_kept_where_names_were_looked_for() {
        let names = NamesModel { id: "ner".to_owned(), sha256: "5".to_owned(), ..NamesModel::default() };
        let profile = ModelProfile { names: Some(names.clone()), ..ModelProfile::default() };
        let record = |request| run_record(&request, &profile, "", &[], &[], Timestamp(1));
        assert_eq!(names_of(&record(TaskRequest::Mentions)), Some(names));
        assert_eq!(names_of(&record(TaskRequest::Classify)), None);
    }
}
