//! Greedy decoding, beam search, batches and sampling give what the reference gives, from every published form.

use std::ops::ControlFlow;

use biogpt::decode::{BeamSearch, Choice, Free, Rules, Sampling, scores};
use biogpt::{Decoder, Model};
use burn::tensor::Device;

use crate::reference::{FORMS, Reference, largest_difference, models};

/// Calls `check` with every model in every form; it gives what is wrong. All cases are tried before one fails.
fn every_form(check: impl Fn(&Reference, &Decoder) -> Vec<String>) {
    let mut wrong = Vec::new();
    for reference in models() {
        for form in FORMS {
            let model = Model::load(&reference.folder.join(form), &Device::flex()).unwrap();
            let decoder = Decoder::new(&model.network, &model.config).with_every_token();
            let found = check(&reference, &decoder);
            wrong.extend(found.into_iter().map(|what| format!("{} {form}: {what}", reference.name())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn greedy_writes_the_reference_tokens() {
    every_form(|reference, decoder| {
        let mut wrong = Vec::new();
        for case in &reference.cases {
            let Some(wanted) = &case.greedy else { continue };
            let rules = Rules { max_length: wanted.max_length, ..Rules::default() };
            let prompts = decoder.read(&[&case.ids]).unwrap();
            let on_token = |_: usize, _: &_| ControlFlow::Continue(());
            let found = decoder.generate(prompts, &rules, &Choice::Greedy, &[Free], on_token).unwrap();
            let logprobs: Vec<f32> = found[0].tokens.iter().map(|token| token.log_probability).collect();
            let difference = largest_difference(&logprobs, &wanted.logprobs);
            if found[0].ids() != wanted.ids || difference > 1e-4 {
                wrong.push(format!("case {}: {:?} (off by {difference})", case.id, found[0].ids()));
            }
        }
        wrong
    });
}

#[test]
fn beam_search_finds_the_reference_hypotheses() {
    every_form(|reference, decoder| {
        let mut wrong = Vec::new();
        for case in &reference.cases {
            for wanted in &case.beam {
                let rules = Rules {
                    min_length: wanted.min_length,
                    max_length: wanted.max_length,
                    ..Rules::default()
                };
                let search = BeamSearch {
                    beams: wanted.num_beams,
                    length_penalty: wanted.length_penalty,
                    early_stopping: wanted.early_stopping,
                };
                let mut reader = decoder.reader();
                reader.read(decoder, &case.ids).unwrap();
                let go_on = |_: biogpt::decode::Progress| ControlFlow::Continue(());
                let found = decoder.beam_search(&reader, &rules, &search, &Free, go_on).unwrap();
                let sequences: Vec<_> = found.iter().map(|hypothesis| hypothesis.ids()).collect();
                let scores: Vec<_> = found.iter().map(|hypothesis| hypothesis.score).collect();
                let difference = largest_difference(&scores, &wanted.scores);
                if sequences != wanted.sequences || difference > 1e-4 {
                    wrong.push(format!(
                        "case {} {rules:?} {search:?}: {sequences:?} instead of {:?} (scores off by {difference})",
                        case.id, wanted.sequences
                    ));
                }
            }
        }
        wrong
    });
}

#[test]
fn a_batch_of_unequal_texts_gives_what_each_gives_alone() {
    every_form(|reference, decoder| {
        let batch = &reference.padded_batch;
        let texts: Vec<&[u32]> =
            batch.case_ids.iter().map(|id| reference.cases[*id].ids.as_slice()).collect();
        let prompts = decoder.read(&texts).unwrap();
        let mut written = vec![0; texts.len()];
        let on_token = |row: usize, _: &_| {
            written[row] += 1;
            if written[row] == batch.max_new_tokens {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let found = decoder.generate(prompts, &Rules::default(), &Choice::Greedy, &[Free], on_token).unwrap();
        let mut wrong = Vec::new();
        for ((found, wanted), case) in found.iter().zip(&batch.ids).zip(&batch.case_ids) {
            let until = wanted.iter().position(|id| *id == 2).map_or(wanted.len(), |end| end + 1);
            if found.ids() != wanted[..until] {
                wrong.push(format!("case {case}: {:?} instead of {wanted:?}", found.ids()));
            }
        }
        wrong
    });
}

#[test]
fn sampling_draws_from_the_reference_distribution() {
    every_form(|reference, _| {
        let ids = &reference.cases[0].ids;
        let logits = reference.floats(0, "logits");
        let last = &logits[logits.len() - logits.len() / ids.len()..];
        let mut wrong = Vec::new();
        for wanted in &reference.processors {
            let sampling = Sampling {
                temperature: wanted.temperature,
                top_k: wanted.top_k,
                top_p: wanted.top_p,
                seed: 0,
            };
            let found = scores::distribution(last, ids, wanted.repetition_penalty, &sampling);
            let of = |id: &u32| found.iter().find(|a| a.id == *id).map_or(0.0, |a| a.log_probability.exp());
            let probabilities: Vec<f32> = wanted.probs.keys().map(of).collect();
            let expected: Vec<f32> = wanted.probs.values().copied().collect();
            let difference = largest_difference(&probabilities, &expected);
            if found.len() != wanted.kept || difference > 1e-5 {
                let kept = found.len();
                wrong.push(format!("{sampling:?}: {kept} instead of {} (off by {difference})", wanted.kept));
            }
        }
        wrong
    });
}
