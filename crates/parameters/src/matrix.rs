//! A weight matrix as it was trained, or quantized.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use operations::{Bits, Precision, Quantized};

/// The most bytes of a tensor on a graphics device: what WebGPU promises that a kernel sees at once on every adapter.
const PIECE: usize = 128 << 20;

/// A matrix `[outputs, inputs]`.
///
/// To visitors and mappers it is the parameter itself: a quantized one or one in pieces is no parameter, it cannot be
/// trained.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a model has a hundred of them; a box would cost each product a step"
)]
pub enum Matrix {
    /// 32-bit floats (16-bit ones are widened when they are loaded).
    Float(Param<Tensor<2>>),
    /// 8 or 4 bits a weight.
    Quantized(Quantized),
    /// 32-bit floats on a graphics device that takes no tensor as large: some rows each, in order.
    Pieces(Vec<Tensor<2>>),
}

/// The most numbers that a tensor of a model with these matrices has on a graphics device, with its matrices in pieces.
#[must_use]
pub fn largest_piece(matrices: impl IntoIterator<Item = [usize; 2]>) -> usize {
    let largest = |[rows, d]: [usize; 2]| pieces(rows, d).into_iter().max().unwrap_or(rows) * d;
    matrices.into_iter().map(largest).max().unwrap_or(0)
}

/// Rows of each piece of a matrix on a graphics device, as equal as can be, so that it compiles its kernels for few
/// shapes.
fn pieces(rows: usize, inputs: usize) -> Vec<usize> {
    let at_once = (PIECE / size_of::<f32>() / inputs.max(1)).max(1);
    let count = rows.div_ceil(at_once).max(1);
    (0..count).map(|i| rows * (i + 1) / count - rows * i / count).collect()
}

impl Matrix {
    /// A matrix of floats.
    #[must_use]
    pub fn from_tensor(tensor: Tensor<2>) -> Self {
        Self::Float(Param::from_tensor(tensor))
    }

    /// A matrix of floats, in pieces where the device needs it. `None` if the numbers are not those of the shape.
    #[must_use]
    pub fn from_floats(data: TensorData, [rows, inputs]: [usize; 2], device: &Device) -> Option<Self> {
        if data.shape()[..] != [rows, inputs] || data.dtype() != DType::F32 {
            return None;
        }
        let pieces = pieces(rows, inputs);
        if operations::is_cpu(device) || pieces.len() == 1 {
            return Some(Self::from_tensor(Tensor::from_data(data, device)));
        }
        let (bytes, row) = (data.as_bytes(), inputs * size_of::<f32>());
        let mut from = 0;
        let tensors = pieces.into_iter().map(|rows| {
            let own = bytes[from * row..(from + rows) * row].to_vec();
            from += rows;
            Tensor::from_data(TensorData::from_bytes_vec(own, [rows, inputs], DType::F32), device)
        });
        Some(Self::Pieces(tensors.collect()))
    }

    /// The packed words of a matrix. `None` if they are not those of the shape.
    pub fn from_words(words: TensorData, shape: [usize; 2], bits: Bits, device: &Device) -> Option<Self> {
        Quantized::from_words(words, shape, bits, device).map(Self::Quantized)
    }

    /// The same with fewer bits a weight. As it is where it is quantized already, in pieces, or the inputs are no whole
    /// blocks of 32.
    #[must_use]
    pub fn quantize(self, bits: Bits) -> Self {
        match &self {
            Self::Float(param) if Quantized::fits(param.dims()[1]) => {
                let (shape, device) = (param.dims(), param.device());
                let weights = param.val().into_data().convert::<f32>().try_into_vec::<f32>();
                let quantized = weights.ok().and_then(|weights| {
                    let words = Quantized::words(&weights, shape[1], bits);
                    let words = TensorData::new(words, bits.packed_shape(shape[0], shape[1]));
                    Quantized::from_words(words, shape, bits, &device)
                });
                quantized.map_or(self, Self::Quantized)
            }
            _ => self,
        }
    }

    /// As one parameter, which can be trained: with the weights of a quantized matrix as floats, or of all pieces together.
    #[must_use]
    pub fn unpacked(self) -> Self {
        match self {
            Self::Float(_) => self,
            Self::Quantized(_) | Self::Pieces(_) => Self::from_tensor(self.val()),
        }
    }

    /// `[outputs, inputs]`
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Float(param) => param.dims(),
            Self::Quantized(quantized) => quantized.dims(),
            Self::Pieces(pieces) => {
                [pieces.iter().map(|piece| piece.dims()[0]).sum(), pieces.first().map_or(0, |p| p.dims()[1])]
            }
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> Device {
        match self {
            Self::Float(param) => param.device(),
            Self::Quantized(quantized) => quantized.device(),
            Self::Pieces(pieces) => pieces.first().map(Tensor::device).unwrap_or_default(),
        }
    }

    /// The weights as floats.
    #[must_use]
    pub fn val(&self) -> Tensor<2> {
        match self {
            Self::Float(param) => param.val(),
            Self::Quantized(quantized) => quantized.to_float(),
            Self::Pieces(pieces) => Tensor::cat(pieces.clone(), 0),
        }
    }

    /// x·Wᵀ + b, see [`operations::linear`].
    pub fn linear<const D: usize>(&self, x: Tensor<D>, bias: Tensor<1>, precision: Precision) -> Tensor<D> {
        match self {
            Self::Float(param) => operations::linear(x, param.val(), bias, precision),
            Self::Quantized(quantized) => quantized.linear(x, bias),
            Self::Pieces(pieces) => {
                let mut from = 0;
                let parts = pieces.iter().map(|piece| {
                    let rows = from..from + piece.dims()[0];
                    from = rows.end;
                    operations::linear(x.clone(), piece.clone(), bias.clone().slice([rows]), precision)
                });
                Tensor::cat(parts.collect(), D - 1)
            }
        }
    }

    /// x·Wᵀ, see [`operations::project`].
    pub fn project(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Float(param) => operations::project(x, param.val()),
            Self::Quantized(quantized) => quantized.project(x),
            Self::Pieces(pieces) => {
                let parts = pieces.iter().map(|piece| operations::project(x.clone(), piece.clone()));
                Tensor::cat(parts.collect(), 1)
            }
        }
    }

    /// Rows by index, see [`operations::embed`].
    pub fn embed(&self, indices: Tensor<2, Int>) -> Tensor<3> {
        match self {
            Self::Float(param) => operations::embed(param.val(), indices),
            Self::Quantized(quantized) => quantized.embed(indices),
            Self::Pieces(pieces) => {
                let [batch, length] = indices.dims();
                let none = Tensor::zeros([batch, length, self.dims()[1]], &self.device());
                let mut from = 0;
                pieces.iter().fold(none, |sum, piece| {
                    let rows = piece.dims()[0] as i32;
                    let own = indices.clone().sub_scalar(from);
                    from += rows;
                    let elsewhere = own.clone().lower_elem(0).bool_or(own.clone().greater_equal_elem(rows));
                    let found = operations::embed(piece.clone(), own.clamp(0, rows - 1));
                    sum.mask_where(elsewhere.bool_not().unsqueeze_dim::<3>(2).expand(found.dims()), found)
                })
            }
        }
    }

    fn map_param(self, f: impl FnOnce(Param<Tensor<2>>) -> Param<Tensor<2>>) -> Self {
        match self {
            Self::Float(param) => Self::Float(f(param)),
            Self::Quantized(_) | Self::Pieces(_) => self,
        }
    }

    fn moved(self, device: &Device, f: impl FnOnce(Param<Tensor<2>>) -> Param<Tensor<2>>) -> Self {
        match self {
            Self::Float(param) => Self::Float(f(param)),
            Self::Quantized(quantized) => Self::Quantized(quantized.to_device(device)),
            Self::Pieces(pieces) => {
                Self::Pieces(pieces.into_iter().map(|piece| piece.to_device(device)).collect())
            }
        }
    }
}

impl Module for Matrix {
    fn collect_devices(&self, devices: Devices) -> Devices {
        match self {
            Self::Float(param) => param.collect_devices(devices),
            Self::Quantized(_) | Self::Pieces(_) => {
                let (mut devices, own) = (devices, self.device());
                if !devices.contains(&own) {
                    devices.push(own);
                }
                devices
            }
        }
    }

    fn fork(self, device: &Device) -> Self {
        self.moved(device, |param| param.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.moved(device, |param| param.to_device(device))
    }

    fn train(self) -> Self {
        self.map_param(Module::train)
    }

    fn valid(&self) -> Self {
        self.clone().map_param(|param| param.valid())
    }

    fn materialize(self) -> Self {
        self.map_param(Module::materialize)
    }

    fn num_params(&self) -> usize {
        self.dims().into_iter().product()
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        if let Self::Float(param) = self {
            visitor.visit_float(param);
        }
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        self.map_param(|param| mapper.map_float(param))
    }
}

impl ModuleDisplayDefault for Matrix {
    fn content(&self, content: Content) -> Option<Content> {
        match self {
            Self::Float(param) => ModuleDisplayDefault::content(param, content),
            Self::Quantized(quantized) => {
                content.add_single(&format!("{:?} {:?}", quantized.bits(), quantized.dims())).optional()
            }
            Self::Pieces(pieces) => {
                content.add_single(&format!("{:?} in {} pieces", self.dims(), pieces.len())).optional()
            }
        }
    }
}

impl ModuleDisplay for Matrix {}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Distribution, Tolerance};

    #[test]
    fn pieces_fit_every_adapter_and_make_the_whole() {
        let base = pieces(42_384, 1024);
        assert_eq!((base.len(), base.iter().sum::<usize>()), (2, 42_384));
        let large = pieces(57_717, 1600);
        assert_eq!((large.len(), large.iter().sum::<usize>()), (3, 57_717));
        assert!(large.iter().all(|rows| rows * 1600 * 4 <= 128 << 20));
        assert_eq!(pieces(512, 64), [512]);
        assert_eq!(largest_piece([[42_384, 1024], [4096, 1024]]), 21_192 * 1024);
    }

    #[test]
    fn a_matrix_in_pieces_is_the_matrix() {
        let device = Device::flex();
        let random = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let whole = random([11, 8]);
        let parts = [0..4, 4..8, 8..11].map(|rows| whole.clone().slice([rows, 0..8]));
        let (whole, split) = (Matrix::from_tensor(whole), Matrix::Pieces(parts.to_vec()));
        assert_eq!(split.dims(), whole.dims());
        let Matrix::Float(joined) = split.clone().unpacked() else {
            unreachable!("pieces become a parameter")
        };
        joined.val().into_data().assert_eq(&whole.val().into_data(), true);
        split.val().into_data().assert_eq(&whole.val().into_data(), true);
        let ids = TensorData::new(vec![0i32, 3, 4, 7, 8, 10], [2, 3]);
        let ids = Tensor::<2, Int>::from_data(ids, &device);
        split.embed(ids.clone()).into_data().assert_eq(&whole.embed(ids).into_data(), true);
        let (x, bias) = (random([5, 8]), Tensor::<1>::random([11], Distribution::Default, &device));
        let same = |split: Tensor<2>, whole: Tensor<2>| {
            let tolerance = Tolerance::<f32>::absolute(1e-5);
            split.into_data().assert_approx_eq(&whole.into_data(), tolerance);
        };
        same(split.project(x.clone()), whole.project(x.clone()));
        let precision = Precision::F32;
        same(split.linear(x.clone(), bias.clone(), precision), whole.linear(x, bias, precision));
    }
}
