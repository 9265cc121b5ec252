//! However a text is computed, the result is the same. Networks of random weights: nothing else is needed.

use std::ops::ControlFlow;

use biogpt::decode::{
    Allowed, BeamSearch, Choice, Constraint, Continuation, DecodeError, Finish, Free, Generated, Readings,
    Rules, Sampling, Sequences, scores,
};
use biogpt::{Config, Decoder, Network, Training, Visibility};
use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::networks::{CLOSE, Numbers, Times, assert_same, generate, network};

/// Log-probabilities of the tokens behind the first `from`, each text computed whole and without a cache.
fn uncached(config: &Config, network: &Network, text: &[u32], from: usize) -> Vec<f32> {
    let input: Vec<i32> = text.iter().map(|id| *id as i32).collect();
    let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, text.len()]), &Device::flex());
    let hidden = network
        .forward(input, &Visibility::Causal, &Training::default())
        .reshape([text.len(), config.hidden_size]);
    let log_p = log_softmax(network.logits(hidden), 1).into_data().try_to_vec::<f32>().unwrap();
    (from..text.len()).map(|t| log_p[(t - 1) * config.vocab_size + text[t] as usize]).collect()
}

#[test]
fn cached_and_uncached_are_the_same() {
    for seed in 0..4 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let text = Numbers(seed).text(5 + 9 * seed as usize);
        let rules = Rules { max_length: config.max_positions, ..Rules::default() };
        let written = generate(&decoder, &text, &rules, &Choice::Greedy, Free).unwrap();
        let whole = [text.clone(), written.ids()].concat();
        let found: Vec<f32> = written.tokens.iter().map(|token| token.log_probability).collect();
        for (found, wanted) in found.iter().zip(uncached(&config, &network, &whole, text.len())) {
            assert!((found - wanted).abs() < CLOSE, "{found} {wanted}");
        }
    }
}

/// What is read on trial changes no token, and is taken where a text repeats itself.
#[test]
fn drafted_tokens_change_nothing() {
    for seed in 0..4 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let mut numbers = Numbers(seed);
        let (text, grammar) = (numbers.text(12), numbers.grammar());
        let sampled = Choice::Sampled(Sampling { temperature: 0.5, top_k: 4, top_p: 1.0, seed });
        for choice in [&Choice::Greedy, &sampled] {
            for (penalty, ngram) in [(1.0, 0), (1.3, 0), (1.0, 4)] {
                let rules = Rules {
                    max_length: 100,
                    repetition_penalty: penalty,
                    no_repeat_ngram: ngram,
                    ..Rules::default()
                };
                let plain = Rules { lookup_tokens: 0, ..rules.clone() };
                let with = generate(&decoder, &text, &rules, choice, Free).unwrap();
                let without = generate(&decoder, &text, &plain, choice, Free).unwrap();
                assert_same(&with.tokens, &without.tokens, "free");
                assert_eq!(with.finish, without.finish);
                let with = generate(&decoder, &text, &rules, choice, &grammar).unwrap();
                let without = generate(&decoder, &text, &plain, choice, &grammar).unwrap();
                assert_same(&with.tokens, &without.tokens, "bound");
            }
        }
    }
}

/// Rows change their order, end, and go on in two ways, as beams do; what they have in common comes to be shared.
#[test]
fn rows_that_part_and_end_go_on_as_if_read_alone() {
    for seed in 0..3 {
        let (config, network) = network(seed);
        let mut numbers = Numbers(seed);
        let prompt = numbers.text(5);
        let mut start = network.cache(&config, 1);
        drop(network.extend(&[&prompt], &mut start));
        let mut cache = start.fork(2);
        let mut texts = vec![prompt.clone(), prompt];
        for step in 0..70 {
            if step % 2 == 1 {
                // Mostly from the first row, so that there is much in common; now and then another number of rows.
                let rows = if step % 20 == 1 { 2 + numbers.below(4) } else { texts.len() as u64 };
                let mut parent = |_| (numbers.below(4) / 3 * numbers.below(texts.len() as u64)) as usize;
                let from: Vec<usize> = (0..rows).map(&mut parent).collect();
                cache.select(&from);
                texts = from.iter().map(|f| texts[*f].clone()).collect();
            }
            let mut more = |_| {
                let length = 1 + step % 3 * numbers.below(3) as usize;
                numbers.text(length + 1)[1..].to_vec()
            };
            let new: Vec<Vec<u32>> = texts.iter().map(&mut more).collect();
            let room = config.max_positions - texts.iter().map(Vec::len).max().unwrap();
            if room < 6 {
                break;
            }
            let fed: Vec<&[u32]> = new.iter().map(Vec::as_slice).collect();
            let found = network.extend(&fed, &mut cache);
            let mut end = 0;
            for (row, (text, new)) in texts.iter_mut().zip(&new).enumerate() {
                end += new.len();
                text.extend(new);
                assert_eq!(cache.length(row), text.len());
                let mut alone = network.cache(&config, 1);
                let wanted = network.extend(&[text], &mut alone);
                let [_, d] = wanted.dims();
                let wanted = wanted.slice([text.len() - 1..text.len(), 0..d]);
                let found = found.clone().slice([end - 1..end, 0..d]);
                let apart = (found - wanted).abs().max().into_scalar::<f32>();
                assert!(apart < 10.0 * CLOSE, "seed {seed} step {step} row {row}: {apart}");
            }
        }
    }
}

/// A source read in both directions, then text after it: through the cache in any parts as in one pass, for floats and
/// packed weights.
#[test]
fn a_source_read_whole_is_seen_by_all_that_follows() {
    for seed in 0..3 {
        let (config, network) = network(seed);
        let mut numbers = Numbers(seed);
        let texts = [numbers.text(40), numbers.text(27)];
        let sources = [33, 20];
        let d = config.hidden_size;
        for network in [network.clone(), network.quantize(operations::Bits::Eight)] {
            let packed = network.is_exact();
            let mut cache = network.cache(&config, 2);
            let heads = [&texts[0][..sources[0]], &texts[1][..sources[1]]];
            let first = network.read_whole(&heads, &mut cache);
            let then = network.extend(&[&texts[0][sources[0]..36], &[]], &mut cache);
            let last = network.extend(&[&texts[0][36..], &texts[1][sources[1]..]], &mut cache);
            let rows = |from: &Tensor<2>, range: std::ops::Range<usize>| from.clone().slice([range, 0..d]);
            let (s, t) = (sources[0], sources[0] + sources[1]);
            let found = [
                Tensor::cat(vec![rows(&first, 0..s), then.clone(), rows(&last, 0..4)], 0),
                Tensor::cat(vec![rows(&first, s..t), rows(&last, 4..11)], 0),
            ];
            let unpacked = network.unpacked();
            for (b, found) in found.into_iter().enumerate() {
                let input: Vec<i32> = texts[b].iter().map(|id| *id as i32).collect();
                let input = TensorData::new(input, [1, texts[b].len()]);
                let input = Tensor::<2, Int>::from_data(input, &Device::flex());
                let wanted = |visibility| {
                    let wanted = unpacked.forward(input.clone(), &visibility, &Training::default());
                    wanted.reshape([texts[b].len(), d])
                };
                let apart = |wanted: Tensor<2>| (found.clone() - wanted).abs().max().into_scalar::<f32>();
                let same = apart(wanted(Visibility::Prefix(vec![sources[b]])));
                // Packed weights round activations, so they are only near.
                assert!(same < if packed { 0.2 } else { 10.0 * CLOSE }, "seed {seed} row {b}: {same}");
                let other = apart(wanted(Visibility::Causal));
                assert!(other > 4.0 * same && other > 0.05, "seed {seed} row {b}: {other} {same}");
            }
        }
    }
}

#[test]
fn a_batch_gives_what_each_text_gives_alone() {
    let rules = Rules { max_length: 60, alternatives: 3, ..Rules::default() };
    let sampled = Choice::Sampled(Sampling { temperature: 0.8, top_k: 40, top_p: 0.9, seed: 5 });
    for seed in 0..4 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let mut numbers = Numbers(seed);
        let texts: Vec<_> = [1, 40, 7, 23, 59].map(|length| numbers.text(length)).to_vec();
        let grammars: Vec<_> = texts.iter().map(|_| numbers.grammar()).collect();
        for choice in [&Choice::Greedy, &sampled] {
            let slices: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
            let go_on = |_: usize, _: &_| ControlFlow::Continue(());
            let prompts = decoder.read(&slices).unwrap();
            let free = decoder.generate(prompts.clone(), &rules, choice, &[Free], go_on).unwrap();
            let bound = decoder.generate(prompts, &rules, choice, &grammars, go_on).unwrap();
            for (i, text) in texts.iter().enumerate() {
                let alone = generate(&decoder, text, &rules, choice, Free).unwrap();
                assert_same(&free[i].tokens, &alone.tokens, "free");
                assert_eq!(free[i].finish, alone.finish);
                let alone = generate(&decoder, text, &rules, choice, &grammars[i]).unwrap();
                assert_same(&bound[i].tokens, &alone.tokens, "bound");
            }
        }
    }
}

#[test]
fn an_edited_text_is_read_from_the_edit_on() {
    let (config, network) = network(3);
    let decoder = Decoder::new(&network, &config);
    let mut numbers = Numbers(3);
    let mut reader = decoder.reader();
    let mut text = numbers.text(30);
    assert_eq!(reader.read(&decoder, &text).unwrap(), 30);
    for _ in 0..20 {
        let kept = 1 + numbers.below(text.len() as u64 - 1) as usize;
        text.truncate(kept);
        let added = 1 + numbers.below(30) as usize;
        text.extend(&numbers.text(added)[1..]);
        let unchanged = reader.tokens().iter().zip(&text).take_while(|(a, b)| a == b).count();
        let computed = reader.read(&decoder, &text).unwrap();
        assert!(computed <= (text.len() - unchanged).max(1), "{computed} of {} computed", text.len());
        let go_on = |_: usize, _: &_| ControlFlow::Continue(());
        let rules = Rules { max_length: text.len() + 8, ..Rules::default() };
        let prompts = reader.prompts(1).unwrap();
        let found = decoder.generate(prompts, &rules, &Choice::Greedy, &[Free], go_on).unwrap();
        let fresh = generate(&decoder, &text, &rules, &Choice::Greedy, Free).unwrap();
        assert_same(&found[0].tokens, &fresh.tokens, "edited");
    }
    assert_eq!(reader.read(&decoder, &text).unwrap(), 0);
}

#[test]
fn continuations_score_as_step_by_step() {
    for seed in 0..4 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let mut numbers = Numbers(seed);
        let text = numbers.text(20);
        // Alike at the beginning, one the beginning of another, equal ones, an empty one.
        let stem = numbers.text(6);
        let mut continuations: Vec<Vec<u32>> = (0..12)
            .map(|_| {
                let kept = numbers.below(stem.len() as u64 + 1) as usize;
                let own = numbers.below(5) as usize;
                [&stem[..kept], &numbers.text(own + 1)[1..]].concat()
            })
            .collect();
        continuations.extend([stem[..3].to_vec(), stem.clone(), stem.clone(), vec![], vec![7]]);
        let mut reader = decoder.reader();
        reader.read(&decoder, &text).unwrap();
        // Some tokens are given, of some continuations all.
        let slices: Vec<_> = continuations
            .iter()
            .map(|tokens| Continuation { tokens, given: numbers.below(tokens.len() as u64 + 1) as usize })
            .collect();
        let found = decoder.score(&reader, &slices).unwrap();
        for (continuation, found) in slices.iter().zip(found) {
            let whole = [&text, continuation.tokens].concat();
            let wanted = uncached(&config, &network, &whole, text.len() + continuation.given);
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found - wanted).abs() < CLOSE, "{found} {wanted}");
            }
        }
    }
}

#[test]
fn constrained_outputs_are_accepted_by_their_automaton() {
    let rules = Rules { max_length: 100, ..Rules::default() };
    let mut ended = 0;
    for seed in 0..12 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let mut numbers = Numbers(seed);
        let (text, grammar) = (numbers.text(8), numbers.grammar());
        let sampled = Choice::Sampled(Sampling { seed, ..Sampling::default() });
        let mut outputs = Vec::new();
        for choice in [Choice::Greedy, sampled] {
            let found = generate(&decoder, &text, &rules, &choice, &grammar).unwrap();
            outputs.push((found.ids(), found.finish));
        }
        let mut reader = decoder.reader();
        reader.read(&decoder, &text).unwrap();
        let go_on = |_: biogpt::decode::Progress| ControlFlow::Continue(());
        let beams = decoder.beam_search(&reader, &rules, &BeamSearch::default(), &grammar, go_on).unwrap();
        assert!(
            beams.windows(2).all(|pair| pair[0].score >= pair[1].score && pair[0].ids() != pair[1].ids())
        );
        outputs.extend(beams.iter().map(|hypothesis| (hypothesis.ids(), hypothesis.finish)));
        for (ids, finish) in outputs {
            if finish == Finish::EndOfText {
                ended += 1;
                assert_eq!(ids.last(), Some(&config.eos_id));
                assert!(grammar.accepts(&ids[..ids.len() - 1]), "{ids:?}");
            } else {
                let state = ids.iter().try_fold(grammar.start(), |state, id| grammar.advance(&state, *id));
                assert!(state.is_some(), "{ids:?}");
            }
        }
    }
    assert!(ended > 40, "hardly any output came to its end: {ended}");
}

/// A grammar that is entered in the middle.
struct From<'g>(&'g Sequences, Readings);

impl Constraint for From<'_> {
    type State = Readings;

    fn start(&self) -> Readings {
        self.1.clone()
    }

    fn allowed(&self, state: &Readings) -> Allowed<'_> {
        match self.0.allowed(state) {
            Allowed::Any => Allowed::Any,
            Allowed::Only { tokens, end } => Allowed::Only { tokens: tokens.into_owned().into(), end },
        }
    }

    fn advance(&self, state: &Readings, token: u32) -> Option<Readings> {
        self.0.advance(state, token)
    }
}

#[test]
fn forced_runs_give_the_same_as_one_token_at_a_time() {
    let rules = Rules { max_length: 70, alternatives: 2, ..Rules::default() };
    for seed in 0..6 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let mut numbers = Numbers(seed);
        let (mut text, grammar) = (numbers.text(8), numbers.grammar());
        let found = generate(&decoder, &text, &rules, &Choice::Greedy, &grammar).unwrap();
        let mut state = grammar.start();
        let mut steps = Vec::new();
        while steps.len() < found.tokens.len() {
            let prompts = decoder.read(&[&text]).unwrap();
            let from = [From(&grammar, state.clone())];
            let stop = |_: usize, _: &_| ControlFlow::Break(());
            let token =
                decoder.generate(prompts, &rules, &Choice::Greedy, &from, stop).unwrap()[0].tokens[0].clone();
            text.push(token.id);
            if token.id != config.eos_id {
                state = grammar.advance(&state, token.id).unwrap();
            }
            steps.push(token);
        }
        assert_same(&found.tokens, &steps, "runs");
        assert!(steps.iter().any(|token| token.masked_mass > 0.5));
    }
}

#[test]
fn a_beam_scores_its_hypotheses_as_they_would_be_scored_alone() {
    for seed in 0..4 {
        let (config, network) = network(seed);
        let decoder = Decoder::new(&network, &config);
        let mut numbers = Numbers(seed);
        let (text, grammar) = (numbers.text(12), numbers.grammar());
        let mut reader = decoder.reader();
        reader.read(&decoder, &text).unwrap();
        let rules = Rules { max_length: 64, ..Rules::default() };
        let search = BeamSearch { length_penalty: 0.7, ..BeamSearch::default() };
        let go_on = |_: biogpt::decode::Progress| ControlFlow::Continue(());
        let free = decoder.beam_search(&reader, &rules, &search, &Free, go_on).unwrap();
        let bound = decoder.beam_search(&reader, &rules, &search, &grammar, go_on).unwrap();
        for hypothesis in free.iter().chain(&bound) {
            let ids = hypothesis.ids();
            let alone: f32 = decoder.score(&reader, &[Continuation::whole(&ids)]).unwrap()[0].iter().sum();
            let score = alone / (ids.len() as f32).powf(0.7);
            assert!((hypothesis.score - score).abs() < CLOSE, "{} {score}", hypothesis.score);
        }
    }
}

#[test]
fn a_seed_fixes_a_sample_and_samples_differ() {
    let (config, network) = network(1);
    let decoder = Decoder::new(&network, &config);
    let mut reader = decoder.reader();
    reader.read(&decoder, &Numbers(1).text(9)).unwrap();
    let rules = Rules { max_length: 30, min_length: 30, ..Rules::default() };
    let sample = |seed| {
        let choice = Choice::Sampled(Sampling { seed, ..Sampling::default() });
        let go_on = |_: usize, _: &_| ControlFlow::Continue(());
        let found = decoder.generate(reader.prompts(4).unwrap(), &rules, &choice, &[Free], go_on).unwrap();
        found.iter().map(Generated::ids).collect::<Vec<_>>()
    };
    let first = sample(7);
    assert_eq!(first, sample(7));
    assert_ne!(first, sample(8));
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 4, "samples of one text are alike");
}

#[test]
fn draws_are_as_frequent_as_their_probability() {
    let (config, network) = network(2);
    let sampling = Sampling { temperature: 0.9, top_k: 12, top_p: 0.95, seed: 3 };
    let text = Numbers(2).text(9);
    const DRAWS: usize = 4000;
    let decoder = Decoder::new(&network, &config).with_every_token();
    let mut reader = decoder.reader();
    reader.read(&decoder, &text).unwrap();
    let stop = |_: usize, _: &_| ControlFlow::Break(());
    let (prompts, choice) = (reader.prompts(DRAWS).unwrap(), Choice::Sampled(sampling.clone()));
    let found = decoder.generate(prompts, &Rules::default(), &choice, &[Free], stop).unwrap();
    let input: Vec<i32> = text.iter().map(|id| *id as i32).collect();
    let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, text.len()]), &Device::flex());
    let hidden = network.forward(input, &Visibility::Causal, &Training::default());
    let hidden = hidden.slice([0..1, text.len() - 1..text.len()]).reshape([1, config.hidden_size]);
    let logits = network.logits(hidden).into_data().try_to_vec::<f32>().unwrap();
    let wanted = scores::distribution(&logits, &text, 1.0, &sampling);
    let mut chi_square = 0.0;
    for token in &wanted {
        let drawn = found.iter().filter(|row| row.tokens[0].id == token.id).count() as f64;
        let expected = f64::from(token.log_probability.exp()) * DRAWS as f64;
        chi_square += (drawn - expected).powi(2) / expected;
    }
    let possible = |row: &Generated| wanted.iter().any(|token| token.id == row.tokens[0].id);
    assert!(found.iter().all(possible) && wanted.len() <= 12);
    // Far beyond the 99.99 % quantile at 11 degrees of freedom, 37.4.
    assert!(chi_square < 40.0, "{chi_square}");
}

#[test]
fn rules_hold_whatever_the_model_wants() {
    let (config, network) = network(6);
    let decoder = Decoder::new(&network, &config);
    let text = Numbers(6).text(10);
    let rules = Rules { min_length: 50, max_length: 64, no_repeat_ngram: 2, ..Rules::default() };
    let forbidden = |id: u32| id <= 1 || id as usize >= config.vocab_size - config.learned_prompt;
    for seed in 0..20 {
        let choice = Choice::Sampled(Sampling { temperature: 2.0, seed, ..Sampling::default() });
        let found = generate(&decoder, &text, &rules, &choice, Free).unwrap();
        let whole = [text.clone(), found.ids()].concat();
        assert!((51..=64).contains(&whole.len()) && !found.ids().into_iter().any(forbidden));
        assert_eq!(found.finish == Finish::EndOfText, whole.last() == Some(&config.eos_id));
        let pairs: std::collections::BTreeSet<_> = whole.windows(2).collect();
        assert_eq!(pairs.len(), whole.len() - 1, "a pair of tokens came twice");
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let (config, network) = network(0);
    let decoder = Decoder::new(&network, &config);
    let error = |text: &[u32], rules: &Rules, choice: &Choice| {
        generate(&decoder, text, rules, choice, Free).unwrap_err()
    };
    let (free, greedy) = (Rules::default(), Choice::Greedy);
    assert_eq!(error(&[], &free, &greedy), DecodeError::EmptyPrompt);
    assert!(matches!(error(&[2, 512], &free, &greedy), DecodeError::UnknownToken { id: 512, .. }));
    let long = Numbers(0).text(config.max_positions);
    assert!(matches!(error(&long, &free, &greedy), DecodeError::TooLong { length: 128, longest: 127 }));
    let cold = Choice::Sampled(Sampling { temperature: 0.0, ..Sampling::default() });
    assert!(matches!(error(&[2], &free, &cold), DecodeError::Setting { name: "temperature", .. }));
    let nothing = Sequences::one_of(Vec::<Vec<u32>>::new());
    let found = generate(&decoder, &[2], &free, &greedy, &nothing).unwrap_err();
    assert!(matches!(found, DecodeError::NoLegalToken { position: 1 }));
    let prompts = decoder.read(&[&[2], &[2, 5], &[2, 6]]).unwrap();
    let go_on = |_: usize, _: &_| ControlFlow::Continue(());
    let found = decoder.generate(prompts, &free, &greedy, &[Free, Free], go_on).unwrap_err();
    assert_eq!(found, DecodeError::Constraints { rows: 3, found: 2 });
}

#[test]
fn damaged_weights_are_an_error() {
    let (config, network) = network(0);
    let network = network.map(&mut Times(f32::NAN));
    let decoder = Decoder::new(&network, &config);
    let found = generate(&decoder, &[2, 5], &Rules::default(), &Choice::Greedy, Free).unwrap_err();
    assert_eq!(found, DecodeError::NotANumber);
    let mut reader = decoder.reader();
    reader.read(&decoder, &[2, 5]).unwrap();
    assert_eq!(decoder.score(&reader, &[Continuation::whole(&[5, 6])]), Err(DecodeError::NotANumber));
}
