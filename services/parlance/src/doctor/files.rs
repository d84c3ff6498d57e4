//! The place for what people attach.

use super::{report::Finding, told};
use crate::settings::Settings;
use im_infra::clock::SharedClock;

pub(super) async fn look(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    let files = &settings.repo.files;
    let mut repo = settings.repo.clone();
    repo.folder = settings.data.join("repo");
    let (place, mend) = if !files.s3.bucket.is_empty() {
        let place = format!("bucket {} at {}", files.s3.bucket, files.s3.endpoint);
        (
            place,
            "make the bucket, or correct repo.files.s3: address, keys, rights",
        )
    } else if !files.folder.as_os_str().is_empty() {
        (
            format!("folder {}", files.folder.display()),
            "give this user the right to write there",
        )
    } else if settings.data.exists() {
        let place = format!("folder {}", repo.folder.join("files").display());
        (place, "give this user the right to write there")
    } else {
        // looking is not to make a folder
        return vec![Finding::good(
            "files",
            "in the data folder, which the first start makes",
        )];
    };
    vec![match im_repo::check_files(&repo, clock).await {
        Ok(()) => Finding::good("files", place),
        Err(error) => Finding::bad("files", told(&error), mend),
    }]
}
