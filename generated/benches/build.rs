//! Compiles the schema once more, as one would without this project's compiler: prost makes the messages, pbjson their JSON.

use prost::Message;
use prost_types::FileDescriptorSet;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let schema_dir = "../../schema";
    println!("cargo:rerun-if-changed={schema_dir}");
    // Both want to see all files: what a field refers to may stand in any of them.
    let descriptors = build_support::load(schema_dir)?.descriptor_set;

    prost_build::Config::new()
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        // as the messages of im-schema have it
        .bytes(["."])
        .btree_map(["."])
        .compile_fds(FileDescriptorSet::decode(descriptors.as_slice())?)?;

    pbjson_build::Builder::new()
        .register_descriptors(&descriptors)?
        .btree_map(["."])
        .build(&[".parlance"])?;
    Ok(())
}
