package io.blobstore.s3;

import io.blobstore.http.HttpResponse;
import io.blobstore.http.XmlResponse;
import io.blobstore.http.objects.ErrorResponse;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.http.SdkHttpResponse;

/** Parses S3's error responses: header fields, and the elements of an XML body. */
final class S3ErrorResponse {
    private S3ErrorResponse() {}

    /** Reads the response to a request of the data plane. */
    static ErrorResponse of(HttpResponse response) {
        return of(response.status(), response::header, parse(response.body().bytes()));
    }

    /** Reads the response to a request of the SDK. */
    static ErrorResponse of(AwsServiceException problem) {
        AwsErrorDetails details = problem.awsErrorDetails();
        if (details == null) {
            return ErrorResponse.of(problem.statusCode(), "", "");
        }
        Map<String, String> elements = new TreeMap<>(
                details.rawResponse() == null
                        ? Map.of()
                        : parse(details.rawResponse().asByteArrayUnsafe()));
        if (details.errorCode() != null) {
            elements.put("Code", details.errorCode());
        }
        if (details.errorMessage() != null) {
            elements.put("Message", details.errorMessage());
        }
        if (problem.requestId() != null) {
            elements.put("RequestId", problem.requestId());
        }
        SdkHttpResponse response = details.sdkHttpResponse();
        return of(
                problem.statusCode(),
                name -> response == null ? Optional.empty() : response.firstMatchingHeader(name),
                elements);
    }

    private static ErrorResponse of(
            int status, Function<String, Optional<String>> header, Map<String, String> elements) {
        return ErrorResponse.of(
                        status,
                        elements.getOrDefault("Code", ""),
                        elements.getOrDefault("Message", ""),
                        header,
                        Optional.ofNullable(elements.get("Endpoint")))
                .with(
                        header.apply("x-amz-request-id").or(() -> Optional.ofNullable(elements.get("RequestId"))),
                        header.apply("x-amz-bucket-region").or(() -> Optional.ofNullable(elements.get("Region"))));
    }

    /** Returns the elements of an error; none if the body is no error. */
    private static Map<String, String> parse(byte[] body) {
        XmlResponse response = XmlResponse.of(body);
        return response.root().equals("Error") ? response.elements() : Map.of();
    }
}
