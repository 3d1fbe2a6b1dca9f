package io.blobstore.s3;

import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseText;
import io.blobstore.http.XmlResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * What the server said when it refused a request: fields of the header, and of the XML body if there is one.
 *
 * @param code S3's word for it; empty if there is none, as in answers to HEAD
 * @param message for people, in one line; may be empty
 * @param requestId what the server's support asks for
 * @param bucketRegion where the bucket is, if it is elsewhere
 * @param retryAfter how long to leave the server alone
 * @param serverTime the server's clock
 */
record ErrorResponse(
        int status,
        String code,
        String message,
        Optional<String> requestId,
        Optional<String> bucketRegion,
        Optional<Duration> retryAfter,
        Optional<Instant> serverTime) {

    /** The error of a request of our own. */
    static ErrorResponse of(HttpResponse response) {
        return of(response.status(), response::header, parse(response.body().bytes()));
    }

    /** The error of a request of the SDK. */
    static ErrorResponse of(AwsServiceException problem) {
        AwsErrorDetails details = problem.awsErrorDetails();
        if (details == null) {
            return of(problem.statusCode(), name -> Optional.empty(), Map.of());
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
        Optional<Instant> date = header.apply("Date").flatMap(ResponseText::date);
        return new ErrorResponse(
                status,
                ResponseText.line(elements.getOrDefault("Code", "")),
                ResponseText.line(elements.getOrDefault("Message", "")),
                header.apply("x-amz-request-id")
                        .or(() -> Optional.ofNullable(elements.get("RequestId")))
                        .map(ResponseText::line),
                header.apply("x-amz-bucket-region")
                        .or(() -> Optional.ofNullable(elements.get("Region")))
                        .map(ResponseText::line),
                header.apply("Retry-After").flatMap(text -> ResponseText.retryAfter(text, date)),
                date);
    }

    /** "NoSuchKey", or the status where there is no code. */
    String name() {
        return code.isEmpty() ? "HTTP " + status : code;
    }

    boolean is(String... codes) {
        return Set.of(codes).contains(code);
    }

    @Override
    public String toString() {
        return name() + (message.isEmpty() ? "" : ": " + message);
    }

    /** The elements of an error that tell something; none if it is no error. */
    private static Map<String, String> parse(byte[] body) {
        XmlResponse answer = XmlResponse.of(body);
        return answer.root().equals("Error") ? answer.elements() : Map.of();
    }
}
