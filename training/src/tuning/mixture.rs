//! All tasks of a recipe as one source of batches.

use std::collections::BTreeMap;
use std::path::Path;

use corpus::{Shards, Stream};
use tokenizer::Tokenizer;

use super::readings::Readings;
use super::{Answers, Conclusions, Gold, Hallmarks, Relations, Replay, Verdicts, prompts};
use crate::examples::{Mixture, Share, Task};

/// Mixes the tasks that `times` names, so many times an epoch each; `dev` is what the validation looks at, and `replay`
/// the folder that `definitions`, `common`, `prose` and `conclusions` come from. `longest` is in tokens, `separator` the id of `</s>`.
///
/// # Errors
/// If the replay's folder is not one that `training prepare` wrote.
pub fn mixture<'a>(
    tokenizer: &'a Tokenizer,
    (train, dev): (Gold, Gold),
    (read, read_dev): (Vec<Readings>, Vec<Readings>),
    replay: Option<&Path>,
    times: &BTreeMap<String, f64>,
    (longest, separator, seed): (usize, u32, u64),
) -> Result<Mixture<'a>, corpus::Error> {
    let wanted = |task: &dyn Task| times.get(task.name()).copied().filter(|times| *times > 0.0);
    let mut tasks = of_gold(tokenizer, train);
    tasks.extend(boxed(read));
    if let Some(folder) = replay {
        for stream in Stream::ALL {
            tasks.push(Box::new(Replay::new(Shards::open(folder)?, stream)));
        }
        if times.contains_key("conclusions") {
            let prompt = prompts(tokenizer).remove("pubmedqa").unwrap_or_default();
            tasks.push(Box::new(Conclusions::new(tokenizer, prompt, &Shards::open(folder)?)));
        }
    }
    let shares = tasks
        .into_iter()
        .filter_map(|task| wanted(task.as_ref()).map(|times| Share { task, times }))
        .collect();
    let mut validation = of_gold(tokenizer, dev);
    validation.extend(boxed(read_dev));
    validation.retain(|task| wanted(task.as_ref()).is_some());
    Ok(Mixture::new(shares, validation, longest, separator, seed))
}

fn boxed<'a>(readings: Vec<Readings>) -> impl Iterator<Item = Box<dyn Task + 'a>> {
    readings.into_iter().map(|task| Box::new(task) as Box<dyn Task + 'a>)
}

fn of_gold<'a>(tokenizer: &'a Tokenizer, gold: Gold) -> Vec<Box<dyn Task + 'a>> {
    let prompts = prompts(tokenizer);
    let prompt = |name: &str| prompts.get(name).cloned().unwrap_or_default();
    let mut tasks: Vec<Box<dyn Task + 'a>> = Vec::new();
    for (task, documents) in gold.relations {
        tasks.push(Box::new(Relations::new(task, tokenizer, prompt(task.name()), documents)));
    }
    for (task, documents) in gold.pairs {
        let name = format!("{}-pairs", task.name());
        tasks.push(Box::new(Verdicts::new(task, tokenizer, prompt(&name), documents)));
    }
    tasks.push(Box::new(Answers::new(tokenizer, prompt("pubmedqa"), gold.questions)));
    tasks.push(Box::new(Hallmarks::new(tokenizer, prompt("hoc"), gold.sentences)));
    tasks
}
