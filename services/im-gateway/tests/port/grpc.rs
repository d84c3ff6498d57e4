//! gRPC beside REST on the same port: health and reflection, as tools ask for them.

use crate::kit::House;
use futures::stream;
use prost::Message as _;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

pub(crate) async fn channel(house: &House) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", house.address)).expect("an address");
    endpoint.connect().await.expect("the port is open")
}

pub(crate) async fn health(channel: &Channel, service: &str) -> Result<ServingStatus, tonic::Code> {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel.clone()).check(request).await;
    answer
        .map(|answer| answer.into_inner().status())
        .map_err(|status| status.code())
}

#[tokio::test]
async fn grpc_says_whether_it_serves() {
    let house = House::open().await;
    let grpc = channel(&house).await;
    for service in ["", "parlance.v1.MessageService", "parlance.v1.AuthService"] {
        assert_eq!(health(&grpc, service).await, Ok(ServingStatus::Serving), "{service}");
    }
    for unknown in ["parlance.internal.v1.UserRepo", "no.such.Service"] {
        assert_eq!(health(&grpc, unknown).await, Err(tonic::Code::NotFound), "{unknown}");
    }
    let request = HealthCheckRequest::default();
    let mut watch = HealthClient::new(grpc)
        .watch(request)
        .await
        .expect("watched")
        .into_inner();
    let mut next = async || watch.message().await.expect("told").expect("a status").status();
    assert_eq!(next().await, ServingStatus::Serving);
    house.begin_to_close();
    assert_eq!(next().await, ServingStatus::NotServing);
    drop(watch);
    house.close().await;
}

async fn reflect(channel: &Channel, question: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let answers = ServerReflectionClient::new(channel.clone())
        .server_reflection_info(stream::iter([request]))
        .await
        .expect("reflection is served");
    let answer = answers
        .into_inner()
        .message()
        .await
        .expect("an answer")
        .expect("one answer a question");
    answer.message_response.expect("an answer")
}

#[tokio::test]
async fn reflection_describes_what_is_public_and_nothing_else() {
    let house = House::open().await;
    let grpc = channel(&house).await;
    let MessageResponse::ListServicesResponse(listed) =
        reflect(&grpc, MessageRequest::ListServices(String::new())).await
    else {
        panic!("no list");
    };
    let names: Vec<&str> = listed.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["Auth", "User", "Conversation", "Message"] {
        assert!(names.contains(&&*format!("parlance.v1.{name}Service")), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("internal")), "{names:?}");

    let symbol = MessageRequest::FileContainingSymbol("parlance.v1.MessageService.SendMessage".to_owned());
    let MessageResponse::FileDescriptorResponse(files) = reflect(&grpc, symbol).await else {
        panic!("no file");
    };
    let file = prost_types::FileDescriptorProto::decode(&*files.file_descriptor_proto[0]).expect("a file");
    assert_eq!(file.name(), "parlance/v1/message.proto");

    let hidden = MessageRequest::FileContainingSymbol("parlance.internal.v1.UserRepo".to_owned());
    let answer = ServerReflectionClient::new(grpc)
        .server_reflection_info(stream::iter([ServerReflectionRequest {
            host: String::new(),
            message_request: Some(hidden),
        }]))
        .await;
    let told = match answer {
        Ok(answers) => answers
            .into_inner()
            .message()
            .await
            .map(|answer| answer.and_then(|answer| answer.message_response)),
        Err(status) => Err(status),
    };
    assert!(
        !matches!(told, Ok(Some(MessageResponse::FileDescriptorResponse(_)))),
        "{told:?}"
    );
    house.close().await;
}
