//! The pages of the reference and the API description, as requests.

use serde_json::Value;
use std::{fs, path::Path};

/// The folder with the reference.
pub(super) const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/reference");

/// The pages in a folder of the reference, in order of their names.
pub(super) fn pages(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(REFERENCE).join(folder);
    let mut pages: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(path).expect("a page can be read"))
        })
        .collect();
    assert!(!pages.is_empty(), "there are pages");
    pages.sort();
    pages
}

/// The first block of code in this language under a heading, if the next heading does not come before.
pub(super) fn block(page: &str, heading: &str, language: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("\n{heading}\n"))?;
    let section = rest.split("\n#").next()?;
    let (_, code) = section.split_once(&format!("```{language}\n"))?;
    Some(code.split_once("\n```")?.0.to_owned())
}

/// A request to REST.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) verb: String,
    /// Path and query.
    pub(super) target: String,
    /// Without the content type.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
}

impl Request {
    /// What a sample for curl would send.
    pub(super) fn of_curl(sample: &str) -> Self {
        let words = shlex::split(&sample.replace("\\\n", " ")).expect("the quotes fit");
        let mut words = words.into_iter();
        assert_eq!(
            words.next().as_deref(),
            Some("curl"),
            "a sample begins with the program: {sample}"
        );
        let mut request = Self {
            verb: String::new(),
            target: String::new(),
            headers: Vec::new(),
            body: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().expect("the option has a value");
            match word.as_str() {
                "-sS" => {}
                "-X" => request.verb = value(),
                "-H" => {
                    let header = value();
                    let (name, value) = header.split_once(": ").expect("a header has a value");
                    if name != "Content-Type" {
                        request.headers.push((name.to_owned(), value.to_owned()));
                    }
                }
                "-d" => request.body = Some(serde_json::from_str(&value()).expect("the body is JSON")),
                url => url
                    .strip_prefix("$PARLANCE")
                    .expect("an address at the server")
                    .clone_into(&mut request.target),
            }
        }
        request
    }

    /// The examples of all operations, by their ids.
    pub(super) fn of_document(document: &Value) -> Vec<(String, Self)> {
        let mut requests = Vec::new();
        for (path, item) in document["paths"].as_object().expect("there are paths") {
            for (verb, operation) in item.as_object().expect("a path has operations") {
                let body = &operation["requestBody"]["content"]["application/json"]["example"];
                assert!(
                    operation["requestBody"].is_null() || !body.is_null(),
                    "{verb} {path} shows what to send"
                );
                let mut headers = Vec::new();
                if !operation["security"].as_array().is_none_or(Vec::is_empty) {
                    headers.push(("Authorization".to_owned(), "Bearer $TOKEN".to_owned()));
                }
                let request = Self {
                    verb: verb.to_uppercase(),
                    target: target(path, operation, &mut headers),
                    headers,
                    body: (!body.is_null()).then(|| body.clone()),
                };
                let id = operation["operationId"].as_str().expect("operations have ids");
                requests.push((id.to_owned(), request));
            }
        }
        requests
    }
}

/// The path with its parameters and all that the query may hold, by their examples; parameters that are headers go there.
fn target(path: &str, operation: &Value, headers: &mut Vec<(String, String)>) -> String {
    let mut target = path.to_owned();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().expect("parameters have names");
        match (parameter["in"].as_str(), &parameter["example"]) {
            (Some("path"), example) => {
                let example = example
                    .as_str()
                    .unwrap_or_else(|| panic!("{path}: {name} has an example"));
                target = target.replace(&format!("{{{name}}}"), example);
            }
            (_, Value::Null) => {}
            (Some("header"), example) => headers.push((name.to_owned(), plain(example))),
            (_, Value::Array(items)) => query.extend(items.iter().map(|item| format!("{name}={}", plain(item)))),
            (_, other) => query.push(format!("{name}={}", plain(other))),
        }
    }
    if query.is_empty() {
        target
    } else {
        format!("{target}?{}", query.join("&"))
    }
}

fn plain(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}
