//! A JPEG without a file: eight by eight grey pixels, and comments as long as one wishes.

/// Bytes of a comment at most: a segment's length counts its own two bytes.
const MAX_COMMENT: usize = 0xffff - 2;

/// A picture of a little more than `len` bytes, which every viewer shows.
#[must_use]
pub fn jpeg(len: usize) -> Vec<u8> {
    let mut picture = vec![0xff, 0xd8];
    segment(&mut picture, 0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    for comment in crate::sample(len).chunks(MAX_COMMENT) {
        segment(&mut picture, 0xfe, comment);
    }
    quantised_by_ones(&mut picture);
    // Eight bits a sample, eight lines, eight columns, one component of grey.
    segment(&mut picture, 0xc0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    one_code(&mut picture, 0x00);
    one_code(&mut picture, 0x10);
    segment(&mut picture, 0xda, &[1, 1, 0, 0, 63, 0]);
    // A difference of zero, the end of the block, and ones to fill the byte.
    picture.extend([0b0011_1111, 0xff, 0xd9]);
    picture
}

fn quantised_by_ones(picture: &mut Vec<u8>) {
    let mut table = [1; 65];
    table[0] = 0;
    segment(picture, 0xdb, &table);
}

/// A Huffman table whose only code is one bit for the value 0.
fn one_code(picture: &mut Vec<u8>, class: u8) {
    let mut table = [0; 18];
    (table[0], table[1]) = (class, 1);
    segment(picture, 0xc4, &table);
}

fn segment(picture: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let len = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    picture.extend([0xff, marker]);
    picture.extend(len.to_be_bytes());
    picture.extend(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The markers of a picture's segments, by their lengths, to the start of its scan.
    fn markers(mut rest: &[u8]) -> Vec<u8> {
        let mut markers = Vec::new();
        while !markers.ends_with(&[0xda]) {
            assert_eq!(rest[0], 0xff);
            markers.push(rest[1]);
            rest = &rest[2 + usize::from(u16::from_be_bytes([rest[2], rest[3]]))..];
        }
        assert_eq!(rest, [0b0011_1111, 0xff, 0xd9]);
        markers
    }

    #[test]
    fn its_segments_are_those_of_a_jpeg() {
        for (len, comments) in [(0, 0), (1, 1), (MAX_COMMENT, 1), (MAX_COMMENT + 1, 2)] {
            let picture = jpeg(len);
            assert_eq!(picture[..2], [0xff, 0xd8]);
            let expected = [&[0xe0][..], &vec![0xfe; comments], &[0xdb, 0xc0, 0xc4, 0xc4, 0xda]].concat();
            assert_eq!(markers(&picture[2..]), expected);
        }
    }
}
