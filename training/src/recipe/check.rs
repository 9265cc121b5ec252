//! What a recipe must hold beside the right names and types, so that no setting is passed over in silence.

use super::{Data, Recipe, Schedule};
use crate::encoders::EncoderTask;
use crate::tuning;
use crate::tuning::readings::READINGS;

/// A value that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct Problem {
    /// The value's place in the file.
    pub field: String,
    /// What is wrong, and what to write.
    pub problem: String,
}

fn problem(field: &str, problem: impl Into<String>) -> Result<(), Problem> {
    Err(Problem { field: field.to_owned(), problem: problem.into() })
}

impl Recipe {
    /// Finds the first value that cannot be meant.
    ///
    /// # Errors
    /// Names it, and says what it could be.
    pub fn check(&self) -> Result<(), Problem> {
        self.check_model()?;
        self.check_data()?;
        self.check_batch()?;
        self.check_optimizer()?;
        let Self { dropout, output, .. } = self;
        for (name, share) in [
            ("dropout.hidden", dropout.hidden),
            ("dropout.attention", dropout.attention),
            ("dropout.activation", dropout.activation),
        ] {
            if !(0.0..1.0).contains(&share) {
                return problem(name, format!("is {share}: it is a share from 0 to below 1"));
            }
        }
        if output.validate_every == 0 || output.log_every == 0 {
            return problem("output", "has an interval of 0 updates: 1 is the shortest");
        }
        if !output.checkpoint_minutes.is_finite() || output.checkpoint_minutes < 0.0 {
            return problem("output.checkpoint_minutes", "must be 0 (after each update) or more");
        }
        Ok(())
    }

    fn check_model(&self) -> Result<(), Problem> {
        let model = &self.model;
        let shape = [
            ("model.preset", model.preset.is_some()),
            ("model.layers", model.layers.is_some()),
            ("model.hidden_size", model.hidden_size.is_some()),
            ("model.heads", model.heads.is_some()),
            ("model.max_positions", model.max_positions.is_some()),
        ];
        match shape.iter().find(|(_, given)| *given) {
            Some((name, _)) if model.from.is_some() => {
                problem(name, "would be passed over: `model.from` has a shape already")
            }
            _ if model.from.is_none() && matches!(self.data, Data::Encoder { .. }) => problem(
                "model.from",
                "must name the folder of a BERT or RoBERTa encoder: one is tuned from it",
            ),
            _ => Ok(()),
        }
    }

    fn check_data(&self) -> Result<(), Problem> {
        match &self.data {
            Data::Pretrain { sequence, shorter, masked, .. } => {
                if *sequence < 2 {
                    return problem("data.sequence", "must be 2 or more");
                }
                let ascends = shorter.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1);
                let fits = |(until, length): &(f64, usize)| {
                    (0.0..=1.0).contains(until) && (2..=*sequence).contains(length)
                };
                if !ascends || !shorter.iter().all(fits) {
                    return problem(
                        "data.shorter",
                        "must be pairs of a share of the run and a length up to `data.sequence`, both ascending",
                    );
                }
                if !(0.0..=1.0).contains(&masked.share) {
                    return problem("data.masked.share", "must be a share from 0 to 1");
                }
                if !masked.rates.iter().all(|rate| (0.01..=0.9).contains(rate)) {
                    return problem("data.masked.rates", "must be two shares from 0.01 to 0.9");
                }
                Ok(())
            }
            Data::Encoder { task, longest, .. } => {
                if let Err(reason) = EncoderTask::named(task) {
                    return problem("data.task", reason);
                }
                if *longest < 8 {
                    return problem("data.longest", "must be 8 tokens or more: 512 is usual");
                }
                Ok(())
            }
            Data::Tune { longest, longest_source, times, replay, labelled, .. } => {
                if *longest_source > *longest {
                    return problem(
                        "data.longest_source",
                        "is over `data.longest`, which holds source and answer",
                    );
                }
                let known: Vec<&str> = tuning::PROMPTS
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(tuning::REPLAYED)
                    .chain(READINGS)
                    .collect();
                for (name, share) in times {
                    let field = format!("data.times.{name}");
                    if !known.contains(&name.as_str()) {
                        return problem(&field, format!("is no task: they are {}", known.join(", ")));
                    }
                    if !share.is_finite() || *share < 0.0 {
                        return problem(&field, format!("is {share}: it must be 0 or more"));
                    }
                    if tuning::REPLAYED.contains(&name.as_str()) && replay.is_none() {
                        return problem(&field, "needs `data.replay`, the folder of the running text");
                    }
                    if READINGS.contains(&name.as_str()) && labelled.is_none() {
                        return problem(
                            &field,
                            "needs `data.labelled`, the folder of texts with marked mentions",
                        );
                    }
                }
                match times.values().any(|share| *share > 0.0) {
                    true => Ok(()),
                    false => problem("data.times", "names no task: write for example `bc5cdr = 1.0`"),
                }
            }
        }
    }

    fn check_batch(&self) -> Result<(), Problem> {
        let batch = &self.batch;
        let longest = match &self.data {
            Data::Pretrain { sequence, .. } => *sequence,
            Data::Encoder { longest, .. } | Data::Tune { longest, .. } => *longest,
        };
        if batch.pass_tokens < longest {
            return problem("batch.pass_tokens", format!("must hold one sequence of {longest} tokens"));
        }
        if matches!(self.data, Data::Encoder { .. }) {
            return match batch {
                _ if batch.tokens > 0 => {
                    problem("batch.tokens", "would be passed over: an encoder's update is of `batch.texts`")
                }
                _ if batch.texts == 0 => problem("batch.texts", "must be 1 or more: 16 and 32 are usual"),
                _ => Ok(()),
            };
        }
        if batch.texts > 0 {
            return problem("batch.texts", "would be passed over: it is of encoders. Write `batch.tokens`");
        }
        if batch.tokens < batch.pass_tokens {
            return problem(
                "batch.tokens",
                "must be at least `batch.pass_tokens`: an update is one pass or more",
            );
        }
        Ok(())
    }

    fn check_optimizer(&self) -> Result<(), Problem> {
        let o = &self.optimizer;
        if (o.updates > 0) == (o.epochs > 0) {
            return problem("optimizer", "must say when to end: give either `updates` or `epochs`");
        }
        let of_shares = o.schedule == Schedule::Linear;
        if o.epochs > 0 && !of_shares && o.schedule != Schedule::InverseSquareRoot {
            return problem(
                "optimizer.schedule",
                "ends with the last update: give `updates`, or use \"linear\" or \"inverse_square_root\" with `epochs`",
            );
        }
        if of_shares && (o.warmup > 0 || o.warmup_from > 0.0) {
            return problem("optimizer.warmup", "would be passed over: \"linear\" has a `warmup_share`");
        }
        if !of_shares && o.warmup_share > 0.0 {
            return problem("optimizer.warmup_share", "is of \"linear\": give `warmup` in updates");
        }
        if !(0.0..1.0).contains(&o.warmup_share) {
            return problem("optimizer.warmup_share", "must be a share of the run from 0 to below 1");
        }
        if !o.betas.iter().all(|beta| (0.0..1.0).contains(beta)) {
            return problem("optimizer.betas", "must be two numbers from 0 to below 1");
        }
        for (name, value) in [
            ("optimizer.learning_rate", o.learning_rate),
            ("optimizer.warmup_from", o.warmup_from),
            ("optimizer.epsilon", o.epsilon),
            ("optimizer.weight_decay", o.weight_decay),
            ("optimizer.clip", o.clip),
        ] {
            if !value.is_finite() || value < 0.0 {
                return problem(name, format!("is {value}: it must be 0 or more"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line_of;
    use super::*;

    const TUNE: &str = r#"
        name = "t"
        [model]
        from = "m"
        [data]
        kind = "tune"
        tasks = "tasks"
        terms = "terms"
        longest = 1024
        longest_source = 640
        corrections = ["c.jsonl"]
        swapped = 2
        [data.times]
        bc5cdr = 1.0
        [batch]
        tokens = 32768
        pass_tokens = 1024
        [optimizer]
        learning_rate = 1e-5
        warmup = 100
        warmup_from = 1e-7
        schedule = "inverse_square_root"
        epochs = 100
        [output]
        keep_every_epochs = 1
    "#;

    fn said(text: &str) -> String {
        match toml::from_str::<Recipe>(text) {
            Ok(recipe) => recipe.check().err().map(|problem| problem.to_string()).unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_sound_recipe_passes() {
        assert_eq!(said(TUNE), "");
    }

    #[test]
    fn an_unknown_field_of_any_table_is_refused_by_name() {
        for header in ["name = \"t\"", "[model]", "[data]", "[batch]", "[optimizer]", "[output]"] {
            let said = said(&TUNE.replace(header, &format!("{header}\nlabel_smoothing = 0.1")));
            assert!(said.contains("label_smoothing"), "{header}: {said}");
        }
        let said = said(&(TUNE.to_owned() + "\n[dropout]\nresidual = 0.1"));
        assert!(said.contains("residual"), "{said}");
    }

    #[test]
    fn what_would_be_passed_over_is_refused_by_name() {
        for (from, to, field) in [
            ("from = \"m\"", "from = \"m\"\nlayers = 3", "model.layers"),
            ("bc5cdr = 1.0", "bc5cdr = 1.0\nbc5crd = 1.0", "data.times.bc5crd"),
            ("bc5cdr = 1.0", "bc5cdr = 1.0\nprose = 1.0", "data.times.prose"),
            ("bc5cdr = 1.0", "bc5cdr = 0.0", "data.times"),
            ("longest_source = 640", "longest_source = 2000", "data.longest_source"),
            ("epochs = 100", "epochs = 100\nupdates = 10", "optimizer"),
            ("epochs = 100", "clip = 1.0", "optimizer"),
            ("inverse_square_root", "cosine", "optimizer.schedule"),
            ("pass_tokens = 1024", "pass_tokens = 100", "batch.pass_tokens"),
            ("tokens = 32768", "tokens = 512", "batch.tokens"),
            ("[output]", "[dropout]\nhidden = 1.5\n[output]", "dropout.hidden"),
            ("keep_every_epochs = 1", "log_every = 0", "output"),
        ] {
            let said = said(&TUNE.replacen(from, to, 1));
            assert!(said.starts_with(&format!("`{field}`")), "{to}: {said}");
        }
    }

    #[test]
    fn a_problem_has_the_line_of_its_value_or_of_its_table() {
        let line = |field| line_of(TUNE.trim_start(), field);
        assert_eq!(
            (line("name"), line("model.from"), line("data.longest_source")),
            (Some(1), Some(3), Some(9))
        );
        assert_eq!((line("data.times.bc5cdr"), line("batch.tokens")), (Some(13), Some(15)));
        assert_eq!(
            (line("batch.texts"), line("optimizer"), line("dropout.hidden")),
            (Some(14), Some(17), None)
        );
        assert_eq!(line_of("data = { kind = \"tune\" }", "data.times"), Some(1));
    }
}
