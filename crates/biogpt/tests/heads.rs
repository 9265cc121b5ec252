//! The heads against `heads/reference.py`, which computes them plainly from their definitions.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::ops::Range;

use biogpt::heads::{Entities, Heads, HeadsShape};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    shape: HeadsShape,
    weights: BTreeMap<String, serde_json::Value>,
    states: Vec<Vec<f32>>,
    hints: Vec<Vec<f32>>,
    entities: Vec<Vec<[usize; 2]>>,
    pairs: Vec<(usize, usize)>,
    parts: Vec<[usize; 2]>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    tags: Vec<Vec<f32>>,
    pairs: Vec<Vec<f32>>,
    classes: Vec<Vec<f32>>,
}

/// Puts the weights of the reference in.
struct Fill<'a> {
    weights: &'a BTreeMap<String, serde_json::Value>,
    path: Vec<String>,
    filled: usize,
}

impl ModuleMapper for Fill<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let value = &self.weights[&self.path.join(".")];
        let values: Vec<f32> = match D {
            1 => serde_json::from_value(value.clone()).unwrap(),
            _ => serde_json::from_value::<Vec<Vec<f32>>>(value.clone()).unwrap().concat(),
        };
        self.filled += 1;
        param.map(|old| Tensor::from_data(TensorData::new(values, old.dims()), &old.device()))
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

fn matrix(rows: &[Vec<f32>]) -> Tensor<2> {
    let shape = [rows.len(), rows[0].len()];
    Tensor::from_data(TensorData::new(rows.concat(), shape), &Device::flex())
}

fn close<const D: usize>(found: Tensor<D>, expected: &[Vec<f32>]) {
    let found: Vec<f32> = found.into_data().iter::<f32>().collect();
    let expected = expected.concat();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
    }
}

#[test]
fn tags_pairs_and_classes_are_those_of_the_definitions() {
    let reference: Reference = serde_json::from_str(include_str!("heads/reference.json")).unwrap();
    let mut fill = Fill { weights: &reference.weights, path: Vec::new(), filled: 0 };
    let heads = Heads::init(&reference.shape, 8, &Device::flex()).map(&mut fill);
    assert_eq!(fill.filled, reference.weights.len());
    let states = matrix(&reference.states);
    let tagger = heads.mentions.as_ref().unwrap();
    close(tagger.forward(states.clone(), matrix(&reference.hints)), &reference.expected.tags);
    let ranges = |all: &[[usize; 2]]| all.iter().map(|[from, to]| *from..*to).collect::<Vec<Range<usize>>>();
    let entities = Entities { mentions: reference.entities.iter().map(|own| ranges(own)).collect() };
    close(heads.pairs[0].forward(states.clone(), &entities, &reference.pairs), &reference.expected.pairs);
    close(heads.classes[0].forward(states, &ranges(&reference.parts)), &reference.expected.classes);
}
