//! Every error of Osler says in one text what is wrong and then what to do: `{file} is empty. Choose a file that holds text`.
//! A client shows the two apart. `#[derive(Remedy)]` beside `thiserror::Error` cuts the text where the *source code* has its
//! first full stop and blank, so that no value in it (a file named `Smith J. 2021.txt`) can move the cut, and gives
//!
//! - `problem(&self) -> String`: what is wrong;
//! - `remedy(&self) -> Option<String>`: what to do, where that is known.
//!
//! A variant that is `#[error(transparent)]` gives those of the error inside. `#[remedy(cause)]` names a field that is such an
//! error and is shown within the text: its problem is, and its remedy is the variant's.

use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, Ident, LitStr, Member, Result, Token, Type};

/// See the crate's documentation.
#[proc_macro_derive(Remedy, attributes(remedy))]
pub fn derive(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let arms: Vec<Arm> = match &input.data {
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| {
                let name = &variant.ident;
                Arm::new(quote!(Self::#name), &variant.fields, &variant.attrs, variant)
            })
            .collect::<Result<_>>()?,
        Data::Struct(data) => vec![Arm::new(quote!(Self), &data.fields, &input.attrs, input)?],
        Data::Union(_) => return Err(Error::new_spanned(input, "an error is an enum or a struct")),
    };
    let (problems, remedies): (Vec<_>, Vec<_>) = arms
        .into_iter()
        .map(|Arm { pattern, problem, remedy }| (quote!(#pattern => #problem,), quote!(#pattern => #remedy,)))
        .unzip();
    let (generics, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics #name #types #bounds {
            /// What is wrong, without what to do about it.
            #[must_use]
            #[allow(unused_variables, clippy::missing_const_for_fn)]
            pub fn problem(&self) -> String {
                match self { #(#problems)* }
            }

            /// What to do about it, where that is known.
            #[must_use]
            #[allow(unused_variables, clippy::missing_const_for_fn)]
            pub fn remedy(&self) -> Option<String> {
                let remedy: Option<String> = match self { #(#remedies)* };
                remedy.filter(|remedy| !remedy.is_empty())
            }
        }
    })
}

/// One variant: its pattern with all fields bound, and the two expressions.
struct Arm {
    pattern: TokenStream,
    problem: TokenStream,
    remedy: TokenStream,
}

impl Arm {
    fn new(
        path: TokenStream,
        fields: &Fields,
        attributes: &[Attribute],
        place: &impl Spanned,
    ) -> Result<Self> {
        let names: Vec<Ident> = fields
            .iter()
            .enumerate()
            .map(|(number, field)| field.ident.clone().unwrap_or_else(|| format_ident!("_{number}")))
            .collect();
        let pattern = match fields {
            Fields::Named(_) => quote!(#path { #(#names),* }),
            Fields::Unnamed(_) => quote!(#path(#(#names),*)),
            Fields::Unit => path,
        };
        let message: Message = attributes
            .iter()
            .find(|attribute| attribute.path().is_ident("error"))
            .ok_or_else(|| Error::new(place.span(), "`#[error(…)]` is missing"))?
            .parse_args()?;
        let cause = attributes.iter().find(|attribute| attribute.path().is_ident("remedy"));
        let cause: Option<Ident> = cause.map(Attribute::parse_args).transpose()?;
        let Message::Text { text, arguments } = message else {
            let inner = names.first().ok_or_else(|| Error::new(place.span(), "nothing is inside"))?;
            return Ok(Self { pattern, problem: quote!(#inner.problem()), remedy: quote!(#inner.remedy()) });
        };
        let whole = text.value();
        let (problem, remedy) = cut(&whole);
        let mut arguments = arguments.into_iter();
        let paths: Vec<Ident> = fields
            .iter()
            .zip(&names)
            .filter(|(field, _)| is_path(&field.ty))
            .map(|(_, name)| name.clone())
            .collect();
        let problem = formatted(problem, &text, &paths, &mut arguments)?;
        let own = remedy.map(|remedy| formatted(remedy, &text, &paths, &mut arguments)).transpose()?;
        Ok(match (cause, own) {
            (Some(cause), _) => Self {
                pattern,
                problem: quote!({ let #cause = #cause.problem(); #problem }),
                remedy: quote!(#cause.remedy()),
            },
            (None, Some(remedy)) => Self { pattern, problem, remedy: quote!(Some(#remedy)) },
            (None, None) => Self { pattern, problem, remedy: quote!(None) },
        })
    }
}

/// What `#[error(…)]` holds.
enum Message {
    Transparent,
    Text { text: LitStr, arguments: Vec<Expr> },
}

impl Parse for Message {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Ident) {
            input.parse::<Ident>()?;
            return Ok(Self::Transparent);
        }
        let text = input.parse()?;
        if input.is_empty() {
            return Ok(Self::Text { text, arguments: Vec::new() });
        }
        input.parse::<Token![,]>()?;
        let arguments = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
        Ok(Self::Text { text, arguments: arguments.into_iter().map(|argument| argument.0).collect() })
    }
}

/// An expression of the fields, which are in scope by name; `.0` and `.field` mean fields, too.
struct Argument(Expr);

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Token![.]) {
            return input.parse().map(Self);
        }
        input.parse::<Token![.]>()?;
        let field = match input.parse::<Member>()? {
            Member::Named(name) => name,
            Member::Unnamed(index) => format_ident!("_{}", index.index),
        };
        let mut tokens = quote!(#field);
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend(std::iter::once(input.parse::<TokenTree>()?));
        }
        syn::parse2(tokens).map(Self)
    }
}

/// The first sentence and what follows it, without full stops at their ends.
fn cut(text: &str) -> (&str, Option<&str>) {
    let (problem, remedy) = match text.split_once(". ") {
        Some((problem, remedy)) => (problem, Some(remedy)),
        None => (text, None),
    };
    (problem.trim_end_matches('.'), remedy.map(|remedy| remedy.trim_end_matches('.')))
}

/// Whether a field is shown by `Path::display`, as `thiserror` does.
fn is_path(kind: &Type) -> bool {
    matches!(kind, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "PathBuf"))
}

/// A `format!` of a part of the text, with the arguments that its `{}` take.
fn formatted(
    part: &str,
    text: &LitStr,
    paths: &[Ident],
    arguments: &mut impl Iterator<Item = Expr>,
) -> Result<TokenStream> {
    let (mut literal, mut taken) = (String::new(), Vec::new());
    let mut rest = part;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        literal.push_str(before);
        if brace.starts_with("{{") || brace.starts_with("}}") {
            literal.push_str(&brace[..2]);
            rest = &brace[2..];
            continue;
        }
        let end = brace.find('}').ok_or_else(|| Error::new(text.span(), "a brace is not closed"))?;
        let inside = &brace[1..end];
        let name = inside.split(':').next().unwrap_or_default();
        if name.is_empty() {
            let next = arguments.next();
            taken.push(next.ok_or_else(|| Error::new(text.span(), "an argument is missing"))?);
        }
        rest = &brace[end + 1..];
        if let Some(path) = paths.iter().find(|path| *path == inside) {
            taken.push(syn::parse_quote!(#path.display()));
            literal.push_str("{}");
            continue;
        }
        literal.push('{');
        // Fields of a tuple are bound as `_0`, `_1`.
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            literal.push('_');
        }
        literal.push_str(inside);
        literal.push('}');
    }
    literal.push_str(rest);
    let literal = LitStr::new(&literal, text.span());
    Ok(quote!(::std::format!(#literal, #(#taken),*)))
}
