//! How a channel's mark goes on, element by element. A pure fold, the same at both ends; never a barrier, which does
//! not count.

use flink_words::state::ChannelMark;
use outside::codec::encode;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::message::Element;

/// The mark of a channel that has come one element further.
pub fn push(mark: &mut ChannelMark, element: &Element) {
    mark.count += 1;
    mark.digest = xxh3_64_with_seed(&encode(element), mark.digest);
}

/// The mark some elements further.
pub fn after(mark: ChannelMark, elements: &[Element]) -> ChannelMark {
    elements.iter().fold(mark, |mut mark, element| {
        push(&mut mark, element);
        mark
    })
}
