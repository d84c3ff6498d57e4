use crate::failure::Failure;
use prost::Message;
use std::marker::PhantomData;
use tonic::{
    Status,
    codec::{DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Protobuf on gRPC. tonic's own codec calls bytes that are no such message a fault of the server; this one says `MALFORMED`.
#[derive(Debug, Clone)]
pub struct Codec<E, D>(PhantomData<(E, D)>);

impl<E, D> Default for Codec<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E, D> tonic::codec::Codec for Codec<E, D>
where
    E: Message + Send + 'static,
    D: Message + Default + Send + 'static,
{
    type Encode = E;
    type Decode = D;
    type Encoder = Half<E>;
    type Decoder = Half<D>;

    fn encoder(&mut self) -> Self::Encoder {
        Half(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        Half(PhantomData)
    }
}

/// One direction of a [`Codec`].
#[derive(Debug, Clone)]
pub struct Half<T>(PhantomData<T>);

impl<T: Message> Encoder for Half<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode_raw(buffer);
        Ok(())
    }
}

impl<T: Message + Default> Decoder for Half<T> {
    type Item = T;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<T>, Status> {
        let decoded = T::decode(buffer).map(Some);
        decoded.map_err(|error| {
            Failure::malformed("the bytes are no protobuf of the expected message")
                .because(error)
                .to_status()
        })
    }
}
