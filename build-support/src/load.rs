//! From the files to the model.

mod calls;
mod causes;
mod comments;
mod enums;
mod examples;
mod fields;
pub(crate) mod frames;
mod ids;
mod masks;
mod messages;
pub(crate) mod names;
mod options;
pub(crate) mod pages;
mod pattern;
mod reserved;
mod routes;
mod rules;
mod services;
mod topics;
mod waivers;

pub(crate) use enums::CATALOGUE;

use crate::{SchemaError, model::Schema};
use miette::Diagnostic;
use prost_reflect::{DescriptorPool, FileDescriptor};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Compiles every `.proto` file under `schema_dir` and checks all that is said there.
///
/// # Errors
/// The first inconsistency, with file, element and reason.
pub fn load(schema_dir: impl AsRef<Path>) -> Result<Schema, SchemaError> {
    let (descriptor_set, pool) = compile(schema_dir.as_ref())?;
    model(descriptor_set, &pool)
}

/// Checks a descriptor set that was made before, with source information and imports.
///
/// # Errors
/// The bytes are no descriptor set; or the first inconsistency, with file, element and reason.
pub fn load_set(descriptor_set: Vec<u8>) -> Result<Schema, SchemaError> {
    let pool = DescriptorPool::decode(descriptor_set.as_slice())
        .map_err(|error| SchemaError::new("the descriptor set", "", error))?;
    model(descriptor_set, &pool)
}

fn model(descriptor_set: Vec<u8>, pool: &DescriptorPool) -> Result<Schema, SchemaError> {
    let mut files: Vec<FileDescriptor> = pool.files().filter(is_own).collect();
    files.sort_by(|a, b| a.name().cmp(b.name()));

    let options = options::Options::new(pool);
    let mut schema = Schema {
        descriptor_set,
        files: files.iter().map(|file| file.name().to_owned()).collect(),
        messages: Default::default(),
        enums: Default::default(),
        services: Vec::new(),
        reasons: enums::reasons(pool, &options)?,
        waivers: Vec::new(),
    };
    for file in &files {
        schema.waivers.extend(waivers::load(file, &options)?);
        for r#enum in file.enums() {
            enums::add(&mut schema, &r#enum);
        }
        for message in file.messages() {
            messages::add(&mut schema, &message, &options)?;
        }
    }
    for file in &files {
        for service in file.services() {
            let service = services::load(&schema, &service, &options)?;
            schema.services.push(service);
        }
    }
    masks::find(&mut schema)?;
    ids::check(&schema)?;
    pages::check(&schema)?;
    topics::check(&schema)?;
    frames::check(&schema)?;
    routes::check_overlaps(&schema)?;
    Ok(schema)
}

/// Whether a file is of this project, and not one of the well-known definitions that it builds on.
fn is_own(file: &FileDescriptor) -> bool {
    !["google", "buf"].contains(&file.package_name().split('.').next().unwrap_or_default())
}

/// Runs the protobuf compiler. The descriptor set has to be encoded by it, since custom options get lost otherwise.
fn compile(dir: &Path) -> Result<(Vec<u8>, DescriptorPool), SchemaError> {
    let mut paths = Vec::new();
    find(dir, &mut paths).map_err(|error| SchemaError::new(dir.display(), "", format!("cannot be read: {error}")))?;
    paths.sort();
    let wrong = |error: protox::Error| {
        let file = error.file().map_or_else(|| dir.display().to_string(), str::to_owned);
        SchemaError::new(file, "", with_causes(&error))
    };
    let mut compiler = protox::Compiler::new([dir]).map_err(wrong)?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&paths).map_err(wrong)?;
    Ok((compiler.encode_file_descriptor_set(), compiler.descriptor_pool()))
}

/// An error with its place and all that lies behind it: only the innermost cause says which name is unknown.
fn with_causes(error: &protox::Error) -> String {
    let mut text = format!("{error:?}");
    let mut cause = error.diagnostic_source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.diagnostic_source();
    }
    text
}

/// All `.proto` files under a folder.
fn find(dir: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            paths.push(path);
        }
    }
    Ok(())
}
