//! What stands behind the bytes of each file: 128 bytes that say that the file is whole, and of which type it is.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0–3 | CRC32C of everything behind it |
//! | 4–11 | `parlance` |
//! | 12 | version: 1 |
//! | 13 | length of the content type |
//! | 14–127 | the content type, then zeros |

use super::super::{ContentType, key::LONGEST_TYPE};

/// How long it is.
pub(super) const FOOTER: u64 = 128;

const MAGIC: &[u8; 9] = b"parlance\x01";
const TYPE: usize = 14;
const _: () = assert!(TYPE + LONGEST_TYPE <= FOOTER as usize);

pub(super) fn write(content_type: &ContentType) -> [u8; FOOTER as usize] {
    let text = content_type.as_str().as_bytes();
    let mut footer = [0; FOOTER as usize];
    footer[4..13].copy_from_slice(MAGIC);
    footer[13] = text.len() as u8;
    footer[TYPE..TYPE + text.len()].copy_from_slice(text);
    let crc = crc32c::crc32c(&footer[4..]);
    footer[..4].copy_from_slice(&crc.to_le_bytes());
    footer
}

pub(super) fn read(footer: &[u8; FOOTER as usize]) -> Option<ContentType> {
    if footer[..4] != crc32c::crc32c(&footer[4..]).to_le_bytes() || &footer[4..13] != MAGIC {
        return None;
    }
    let text = footer.get(TYPE..TYPE + usize::from(footer[13]))?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_written_and_no_byte_of_it_can_change() {
        for text in ["image/png", &format!("a/{}", "b".repeat(LONGEST_TYPE - 2))] {
            let content_type: ContentType = text.parse().unwrap();
            let footer = write(&content_type);
            assert_eq!(read(&footer), Some(content_type));
            for at in 0..footer.len() {
                let mut damaged = footer;
                damaged[at] ^= 1;
                assert_eq!(read(&damaged), None, "byte {at}");
            }
        }
    }
}
