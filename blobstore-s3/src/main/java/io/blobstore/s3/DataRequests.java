package io.blobstore.s3;

import io.blobstore.BlobSource;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.RefusedRequestException;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * The requests of the data plane: stores of blobs and parts, and reads of ranges. They are signed here, and their
 * content is sent from the caller's memory and received into it.
 *
 * <p>A request is sent once more if only its signature was refused: because the clocks differ, or because the
 * credentials have expired and the provider has new ones.
 */
record DataRequests(HttpClient http, RequestSigner signer, BucketUrl bucket, S3Settings settings) {
    /**
     * Sends content.
     *
     * @param object the name in the bucket
     * @throws RefusedRequestException if the server refuses it
     */
    HttpResponse put(String object, Map<String, String> query, Map<String, String> headers, BlobSource content)
            throws IOException {
        return send(
                new RequestSigner.Unsigned("PUT", bucket.endpoint(), bucket.pathOf(object), query, headers),
                Optional.of(content),
                ResponseHandler.KEEP_SMALL);
    }

    /**
     * Receives content.
     *
     * @param object the name in the bucket
     * @throws RefusedRequestException if the server refuses it
     */
    HttpResponse get(String object, Map<String, String> headers, ResponseHandler handler) throws IOException {
        return send(
                new RequestSigner.Unsigned("GET", bucket.endpoint(), bucket.pathOf(object), Map.of(), headers),
                Optional.empty(),
                handler);
    }

    private HttpResponse send(RequestSigner.Unsigned request, Optional<BlobSource> content, ResponseHandler handler)
            throws IOException {
        AwsCredentialsIdentity identity = signer.identity();
        HttpResponse response = send(request, identity, content, handler);
        if (response.isSuccess()) {
            return response;
        }
        ErrorResponse error = S3ErrorResponse.of(response);
        Optional<AwsCredentialsIdentity> again = identityForRetry(error, identity);
        if (again.isPresent()) {
            response = send(request, again.get(), content, handler);
            if (response.isSuccess()) {
                return response;
            }
            error = S3ErrorResponse.of(response);
        }
        throw new RefusedRequestException(error);
    }

    /** Returns the credentials for a second attempt; empty if another signature would not help. */
    private Optional<AwsCredentialsIdentity> identityForRetry(ErrorResponse error, AwsCredentialsIdentity identity) {
        Optional<Instant> serverTime = error.serverTime();
        if (error.is("RequestTimeTooSkewed") && serverTime.isPresent()) {
            signer.adjustTo(serverTime.get());
            return Optional.of(identity);
        }
        if (error.is("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")) {
            return Optional.of(signer.identity()).filter(fresh -> !fresh.equals(identity));
        }
        return Optional.empty();
    }

    private HttpResponse send(
            RequestSigner.Unsigned request,
            AwsCredentialsIdentity identity,
            Optional<BlobSource> content,
            ResponseHandler handler)
            throws IOException {
        RequestSigner.Signed signed = settings.payloadSigning() == PayloadSigning.SIGNED && content.isPresent()
                ? signer.sign(request, identity, content.get())
                : signer.sign(request, identity);
        boolean expectContinue =
                settings.expectContinue() && content.map(BlobSource::size).orElse(0L) > 0;
        return http.newCall(new HttpRequest(
                        request.method(),
                        request.endpoint(),
                        signed.target(),
                        signed.headers(),
                        content,
                        expectContinue))
                .execute(handler);
    }
}
