//! The graphics path, on Mesa's software adapter (lavapipe): all in one process, since a device compiles its kernels
//! anew in each. `CUBECL_AUTOTUNE_LEVEL=minimal`, which `cargo xtask check` sets, spares a search for the fastest ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

#[path = "engine/reference.rs"]
#[allow(dead_code, reason = "the other test program uses more of it")]
mod reference;

#[path = "engine/networks.rs"]
mod networks;

#[path = "graphics/choice.rs"]
mod choice;

use std::ops::ControlFlow;
use std::sync::OnceLock;

use biogpt::decode::{BeamSearch, Choice, Free, Progress, Rules, Token};
use biogpt::model::{self, Model, WeightType};
use biogpt::{Config, Decoder, Training, Visibility};
use burn::tensor::{Device, Int, Tensor, TensorData};
use checkpoints::Activation;
use devices::{DeviceError, Need, Request};
use operations::{Bits, Quantized};

use reference::{largest_difference, models};

/// The software adapter, if this machine has one.
fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let device = DEVICE.get_or_init(|| {
        let chosen = devices::choose(Request::Software, Need::default(), &devices::list());
        match chosen.map(|chosen| devices::open(&chosen.adapter)) {
            Ok(device) => Some(device.unwrap()),
            Err(error) => {
                eprintln!("skipped: no software adapter (Debian: mesa-vulkan-drivers) was found: {error}");
                None
            }
        }
    });
    device.as_ref()
}

fn go_on(_: usize, _: &Token) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_data().unwrap().convert::<f32>().try_to_vec().unwrap()
}

#[test]
fn logits_are_those_of_the_reference() {
    let Some(device) = device() else { return };
    for reference in models() {
        let model = Model::load(&reference.folder.join("hf"), device).unwrap();
        for case in &reference.cases {
            let (length, d) = (case.ids.len(), model.config.hidden_size);
            let input: Vec<i32> = case.ids.iter().map(|i| *i as i32).collect();
            let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, length]), device);
            let whole: Tensor<2> =
                model.network.forward(input, &Visibility::Causal, &Training::default()).reshape([length, d]);
            let mut cache = model.network.cache(&model.config, 1);
            let (beginning, end) = case.ids.split_at(length / 2);
            let parts = [beginning, end].into_iter().filter(|part| !part.is_empty());
            let parts: Vec<Tensor<2>> = parts.map(|part| model.network.extend(&[part], &mut cache)).collect();
            let cached = Tensor::cat(parts, 0);
            let wanted = reference.floats(case.id, "logits");
            for hidden in [whole, cached] {
                let off = largest_difference(&values(model.network.logits(hidden)), &wanted);
                println!("{} case {}: logits {off:.1e}", reference.name(), case.id);
                assert!(off < 1e-3, "{} case {}: {off}", reference.name(), case.id);
            }
        }
    }
}

/// A source read in both directions and what follows it give on the device what they give on a CPU.
#[test]
fn sources_read_whole_are_those_of_the_cpu() {
    let Some(device) = device() else { return };
    let (config, network) = networks::network(4);
    let mut numbers = networks::Numbers(4);
    let texts = [numbers.text(37), numbers.text(21)];
    let sources = [30, 21];
    let read = |network: &biogpt::Network| {
        let mut cache = network.cache(&config, 2);
        let first = network.read_whole(&[&texts[0][..sources[0]], &texts[1]], &mut cache);
        let then = network.extend(&[&texts[0][sources[0]..], &[]], &mut cache);
        let ids: Vec<i32> = texts[0].iter().map(|id| *id as i32).collect();
        let ids = TensorData::new(ids, [1, texts[0].len()]);
        let ids = Tensor::<2, Int>::from_data(ids, &network.device());
        let visibility = Visibility::Prefix(vec![sources[0]]);
        let whole = network.forward(ids, &visibility, &Training::default());
        [values(first), values(then), values(whole)]
    };
    let wanted = read(&network);
    let found = read(&burn::module::Module::to_device(network, device));
    for (found, wanted) in found.iter().zip(&wanted) {
        let off = largest_difference(found, wanted);
        assert!(off < 1e-3, "{off}");
    }
}

#[test]
fn tokens_are_those_of_the_reference() {
    let Some(device) = device() else { return };
    let mut wrong = Vec::new();
    for reference in models() {
        let model = Model::load(&reference.folder.join("hf"), device).unwrap();
        let decoder = Decoder::new(&model.network, &model.config).with_every_token();
        for case in &reference.cases {
            let mut reader = decoder.reader();
            reader.read(&decoder, &case.ids).unwrap();
            if let Some(wanted) = &case.greedy {
                let rules = Rules { max_length: wanted.max_length, ..Rules::default() };
                let prompts = reader.prompts(1).unwrap();
                let found = decoder.generate(prompts, &rules, &Choice::Greedy, &[Free], go_on).unwrap();
                let logprobs: Vec<f32> = found[0].tokens.iter().map(|t| t.log_probability).collect();
                let off = largest_difference(&logprobs, &wanted.logprobs);
                println!("{} case {} greedy: off by {off:.1e}", reference.name(), case.id);
                if found[0].ids() != wanted.ids || off > 1e-4 {
                    wrong.push(format!("{} case {} greedy", reference.name(), case.id));
                }
            }
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
                let go_on = |_: Progress| ControlFlow::Continue(());
                let found = decoder.beam_search(&reader, &rules, &search, &Free, go_on).unwrap();
                let sequences: Vec<_> = found.iter().map(|hypothesis| hypothesis.ids()).collect();
                let scores: Vec<_> = found.iter().map(|hypothesis| hypothesis.score).collect();
                let off = largest_difference(&scores, &wanted.scores);
                println!("{} case {} {search:?}: off by {off:.1e}", reference.name(), case.id);
                if sequences != wanted.sequences || off > 1e-4 {
                    wrong.push(format!("{} case {} {search:?}", reference.name(), case.id));
                }
            }
        }
        let batch = &reference.padded_batch;
        let texts: Vec<&[u32]> =
            batch.case_ids.iter().map(|id| reference.cases[*id].ids.as_slice()).collect();
        let mut written = vec![0; texts.len()];
        let until_full = |row: usize, _: &_| {
            written[row] += 1;
            if written[row] == batch.max_new_tokens {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let prompts = decoder.read(&texts).unwrap();
        let found =
            decoder.generate(prompts, &Rules::default(), &Choice::Greedy, &[Free], until_full).unwrap();
        for (found, wanted) in found.iter().zip(&batch.ids) {
            if !wanted.starts_with(&found.ids()) {
                wrong.push(format!("{} padded batch: {:?} {wanted:?}", reference.name(), found.ids()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Packed weights are computed with as they lie there, token by token as well as many tokens at once.
#[test]
fn packed_weights_compute_as_what_they_stand_for() {
    let Some(graphics) = device() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, weights, config) in [
        ("q8", WeightType::Q8, Config { tied_head: false, ..Config::tiny() }),
        ("q4", WeightType::Q4, Config { activation: Activation::Relu, ..Config::tiny() }),
    ] {
        let folder = folder.path().join(name);
        model::write_random(&folder, &config, weights, 11).unwrap();
        let packed = Model::load(&folder, graphics).unwrap();
        let unpacked = Model::load(&folder, &Device::flex()).unwrap().network.unpacked();
        // A long text, one token, two texts of one length that go on, then of different lengths.
        let prompt: Vec<u32> = (0..20).map(|i| 2 + i * 7).collect();
        let steps: [&[&[u32]]; 4] = [&[&[40], &[50]], &[&[41], &[51]], &[&[42, 43], &[52]], &[&[44], &[53]]];
        let states = [&packed.network, &unpacked].map(|network| {
            let mut start = network.cache(&config, 1);
            let first = network.extend(&[&prompt], &mut start);
            let mut cache = start.fork(2);
            let mut states = vec![values(first)];
            for step in steps {
                let read = network.extend(step, &mut cache);
                let d = config.hidden_size;
                let mut end = 0;
                for new in step {
                    end += new.len();
                    let last = read.clone().slice([end - 1..end, 0..d]);
                    states.push(values(last.clone()));
                    states.push(values(network.logits(last)));
                }
            }
            states
        });
        for (i, (found, wanted)) in states[0].iter().zip(&states[1]).enumerate() {
            let off = largest_difference(found, wanted);
            assert!(off < 1e-3, "{name}, state {i}: {off}");
        }
    }
}

/// Blocks of small weights have scales below the normal numbers of 16 bits.
#[test]
fn packed_weights_may_be_small() {
    let Some(graphics) = device() else { return };
    let (outputs, inputs) = (20, 64);
    let weights: Vec<f32> = (0..outputs * inputs).map(|i| ((i * 37 % 101) as f32 - 50.0) * 4e-5).collect();
    let words = Quantized::words(&weights, inputs, Bits::Eight);
    let words = TensorData::new(words, Bits::Eight.packed_shape(outputs, inputs));
    let packed = Quantized::from_words(words, [outputs, inputs], Bits::Eight, graphics).unwrap();
    let all: Vec<i32> = (0..outputs as i32).collect();
    let all = Tensor::<2, Int>::from_data(TensorData::new(all, [1, outputs]), graphics);
    let off = largest_difference(&values(packed.embed(all)), &weights);
    assert!(off < 2e-5, "{off}");
    let x = vec![1.0f32; inputs];
    let found = values(packed.project(Tensor::from_data(TensorData::new(x, [1, inputs]), graphics)));
    let sums: Vec<f32> = values(packed.to_float()).chunks(inputs).map(|row| row.iter().sum()).collect();
    let off = largest_difference(&found, &sums);
    assert!(off < 1e-6, "{found:?} {sums:?}");
}

#[test]
fn an_embedding_over_the_limit_of_the_adapter_is_split() {
    let Some(graphics) = device() else { return };
    let config = Config { layers: 2, ..Config::base() };
    let adapters = devices::list();
    let need = |numbers: usize| Need { largest_tensor: numbers as u64 * 4, total: 0 };
    let whole = devices::choose(Request::Software, need(config.vocab_size * config.hidden_size), &adapters);
    // Newer drivers allow more: then there is nothing to refuse.
    if let Err(error) = whole {
        assert!(matches!(error, DeviceError::TensorTooLarge { needed: 174, .. }), "{error}");
    }
    devices::choose(Request::Software, need(biogpt::largest_piece(&config)), &adapters).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("wide");
    model::write_random(&folder, &config, WeightType::F32, 9).unwrap();
    let text = [2, 21_000, 21_191, 21_192, 42_383, 5];
    let rules = Rules { max_length: text.len() + 4, ..Rules::default() };
    let [processor, graphics] = [&Device::flex(), graphics].map(|device| {
        let model = Model::load(&folder, device).unwrap();
        let decoder = Decoder::new(&model.network, &model.config);
        let prompts = decoder.read(&[&text]).unwrap();
        decoder.generate(prompts, &rules, &Choice::Greedy, &[Free], go_on).unwrap().remove(0)
    });
    assert_eq!(processor.ids(), graphics.ids());
    for (a, b) in processor.tokens.iter().zip(&graphics.tokens) {
        assert!((a.log_probability - b.log_probability).abs() < 1e-3, "{a:?} {b:?}");
    }
}
