//! Files: where they are, what they are called, what they begin with.

use super::{House, Offences, Rule, is_versioned};
use heck::ToSnakeCase;
use prost_types::{FileDescriptorProto, ServiceDescriptorProto};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "file-in-folder",
        reason: "who knows a name finds its file: package a.b.v1 stands in a/b/v1/",
        check: in_folder,
    },
    Rule {
        name: "file-name",
        reason: "files have one way to be written on every file system",
        check: name,
    },
    Rule {
        name: "file-comment",
        reason: "the first line of a file says what belongs in it",
        check: comment,
    },
    Rule {
        name: "file-imports",
        reason: "sorted imports have one place for a new one, and two changes do not collide",
        check: imports,
    },
    Rule {
        name: "file-order",
        reason: "a reader meets what can be done before what it is done with: services, then enums and messages",
        check: order,
    },
    Rule {
        name: "file-service",
        reason: "one service a file: who knows a service finds its file, and two services have no change in common",
        check: service,
    },
];

fn in_folder(house: &House<'_>, offences: &mut Offences) {
    for file in &house.files {
        let folder = file.package().replace('.', "/");
        let stands = file.name().rsplit_once('/').map_or("", |(folder, _)| folder);
        if !file.package().is_empty() && stands != folder {
            offences.add(
                file.name(),
                "",
                format!("package {} belongs in {folder}/", file.package()),
            );
        }
    }
}

fn name(house: &House<'_>, offences: &mut Offences) {
    for file in &house.files {
        let name = file.name().rsplit('/').next().unwrap_or_default();
        let stem = name.trim_end_matches(".proto");
        if stem != stem.to_snake_case() {
            offences.add(file.name(), "", format!("should be {}.proto", stem.to_snake_case()));
        }
    }
}

/// Number of the field `syntax` of a file's descriptor.
const SYNTAX: i32 = 12;
/// Number of the field `service`.
const SERVICE: i32 = 6;
/// Numbers of the fields `message_type` and `enum_type`.
const TYPES: [i32; 2] = [4, 5];

fn comment(house: &House<'_>, offences: &mut Offences) {
    for file in &house.files {
        let mut locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let said =
            locations.any(|location| location.path == [SYNTAX] && !location.leading_comments().trim().is_empty());
        if !said {
            offences.add(file.name(), "", "has no comment before `syntax`");
        }
    }
}

fn imports(house: &House<'_>, offences: &mut Offences) {
    for file in &house.files {
        if let Some(pair) = file.dependency.windows(2).find(|pair| pair[0] > pair[1]) {
            offences.add(
                file.name(),
                "",
                format!("`{}` is imported before `{}`", pair[0], pair[1]),
            );
        }
    }
}

/// The line where each top-level element of some kinds begins.
fn lines(file: &FileDescriptorProto, kinds: &[i32]) -> Vec<i32> {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let top = locations.filter(|location| location.path.len() == 2 && kinds.contains(&location.path[0]));
    top.filter_map(|location| location.span.first().copied()).collect()
}

fn order(house: &House<'_>, offences: &mut Offences) {
    for file in house.files.iter().filter(|file| is_versioned(file.package())) {
        let last_service = lines(file, &[SERVICE]).into_iter().max();
        let first_type = lines(file, &TYPES).into_iter().min();
        if let (Some(service), Some(first)) = (last_service, first_type)
            && service > first
        {
            offences.add(
                file.name(),
                "",
                format!("has a service after its first message, in line {}", service + 1),
            );
        }
    }
}

fn service(house: &House<'_>, offences: &mut Offences) {
    for file in house.files.iter().filter(|file| is_versioned(file.package())) {
        let mut services = file.service.iter().map(ServiceDescriptorProto::name);
        let Some(first) = services.next() else { continue };
        for other in services {
            let element = format!("{}.{other}", file.package());
            let place = other.to_snake_case();
            offences.add(
                file.name(),
                &element,
                format!("stands in the file of {first}: should be in {place}.proto or the like"),
            );
        }
    }
}
