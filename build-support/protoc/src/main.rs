//! As much of `protoc` as build scripts ask for: files to a descriptor set, by protox.
//!
//! `protoc [-I FOLDER]… -o FILE PROTO…`. Imports and comments are always included; any other flag is ignored, since those that build
//! scripts give change nothing about the set.

use protox::Compiler;
use std::{env, fs, path::PathBuf, process::ExitCode};

#[derive(Default)]
struct Arguments {
    includes: Vec<PathBuf>,
    output: Option<PathBuf>,
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match Arguments::read(env::args().skip(1)).and_then(|arguments| arguments.compile()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("protoc: {message}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn read(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        while let Some(argument) = given.next() {
            if let Some(folder) = ["-I", "--proto_path="]
                .iter()
                .find_map(|flag| argument.strip_prefix(flag))
            {
                let folder = if folder.is_empty() {
                    given.next()
                } else {
                    Some(folder.into())
                };
                arguments
                    .includes
                    .push(folder.ok_or("-I is followed by a folder")?.into());
            } else if argument == "-o" {
                arguments.output = Some(given.next().ok_or("-o is followed by a file")?.into());
            } else if let Some(file) = argument.strip_prefix("--descriptor_set_out=") {
                arguments.output = Some(file.into());
            } else if !argument.starts_with('-') {
                arguments.files.push(argument.into());
            }
        }
        Ok(arguments)
    }

    fn compile(self) -> Result<(), String> {
        let output = self
            .output
            .ok_or("say with -o where the descriptor set is to be written")?;
        let mut compiler = Compiler::new(&self.includes).map_err(|error| error.to_string())?;
        compiler.include_imports(true).include_source_info(true);
        compiler.open_files(&self.files).map_err(|error| format!("{error:?}"))?;
        let set = compiler.encode_file_descriptor_set();
        fs::write(&output, set).map_err(|error| format!("write {}: {error}", output.display()))
    }
}
