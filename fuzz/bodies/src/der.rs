//! A small writer of DER (X.690), to build keys and signatures that are right but for one thing.

/// An `INTEGER` that is not negative, in its shortest form, from big endian bytes.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let pad = bytes.first().is_none_or(|first| *first >= 0x80);
    tagged(0x02, &[if pad { &[0][..] } else { &[] }, bytes].concat())
}

/// A `SEQUENCE` of these elements.
pub(crate) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x30, &elements.concat())
}

/// An element of this tag.
pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len().to_be_bytes();
    let significant = &len[len.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match content.len() {
        0..0x80 => out.push(u8::try_from(content.len()).unwrap()),
        _ => {
            out.push(0x80 + u8::try_from(significant.len()).unwrap());
            out.extend(significant);
        }
    }
    out.extend(content);
    out
}
