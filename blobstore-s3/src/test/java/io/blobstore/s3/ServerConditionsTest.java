package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.StoreUri;
import io.blobstore.contract.Campaign;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Measures with the SDK which conditions compatible servers enforce: the documented table has a row for each of them,
 * so that its readers know where {@code nativeConditions=true} is right.
 */
@ExtendWith(S3ProxyServer.Shared.class)
class ServerConditionsTest {
    private static final String OLD = "old";
    private static final String NEW = "new";
    private static final List<Request> REQUESTS =
            List.of(ServerConditionsTest::put, ServerConditionsTest::complete, ServerConditionsTest::copy);

    private final String key = "conditions-" + UUID.randomUUID();

    /** Sends a conditional request that stores {@link #NEW}. */
    private interface Request {
        void send(S3Client client, String bucket, String key, AwsRequestOverrideConfiguration condition);
    }

    @Test
    void s3Proxy(S3ProxyServer server) throws IOException {
        assertPageHas("S3Proxy", server.newBucket());
    }

    @Campaign(representedBy = ServerConditionsTest.class)
    @ParameterizedTest
    @CsvSource({
        "Versity S3 Gateway, BLOBSTORE_TEST_VERSITYGW_URI",
        "MinIO, BLOBSTORE_TEST_MINIO_URI",
        "moto, BLOBSTORE_TEST_MOTO_URI"
    })
    void realServers(String name, String variable) throws IOException {
        Optional<String> uri = Optional.ofNullable(System.getenv(variable)).filter(text -> !text.isEmpty());
        assumeTrue(uri.isPresent(), variable + " names no bucket");
        assertPageHas(name, S3EndpointContractBase.bucket(StoreUri.parse(uri.orElseThrow())));
    }

    private void assertPageHas(String name, TestBucket bucket) throws IOException {
        List<String> cells = REQUESTS.stream()
                .map(request -> bucket.with(client -> cell(
                        isEnforced(client, bucket.name(), request, S3Headers.IF_NONE_MATCH, "*"),
                        isEnforced(client, bucket.name(), request, S3Headers.IF_MATCH, "\"0123456789abcdef\""))))
                .toList();
        assertThat(Files.readAllLines(Path.of("../docs/s3.md")))
                .filteredOn(line -> line.startsWith("| " + name + " |"))
                .containsExactly("| " + name + " | " + String.join(" | ", cells) + " |");
    }

    private static String cell(boolean ifNoneMatch, boolean ifMatch) {
        if (ifNoneMatch && ifMatch) {
            return "both";
        }
        return ifNoneMatch ? "`If-None-Match`" : ifMatch ? "`If-Match`" : "none";
    }

    /** Returns whether a server refuses a request whose condition does not hold, and keeps the object. */
    private boolean isEnforced(S3Client client, String bucket, Request request, String field, String value) {
        client.putObject(put -> put.bucket(bucket).key(key), RequestBody.fromString(OLD));
        client.putObject(put -> put.bucket(bucket).key(source(key)), RequestBody.fromString(NEW));
        boolean refused = false;
        try {
            request.send(client, bucket, key, S3Headers.override(Map.of(field, value)));
        } catch (S3Exception e) {
            assertThat(e.statusCode()).as("%s", e.getMessage()).isIn(404, 412, 501);
            refused = true;
        }
        String now = client.getObjectAsBytes(get -> get.bucket(bucket).key(key)).asUtf8String();
        client.deleteObject(delete -> delete.bucket(bucket).key(key));
        client.deleteObject(delete -> delete.bucket(bucket).key(source(key)));
        assertThat(now).isEqualTo(refused ? OLD : NEW);
        return refused;
    }

    private static String source(String key) {
        return key + "-source";
    }

    private static void put(S3Client client, String bucket, String key, AwsRequestOverrideConfiguration condition) {
        client.putObject(
                put -> put.bucket(bucket).key(key).overrideConfiguration(condition), RequestBody.fromString(NEW));
    }

    private static void copy(S3Client client, String bucket, String key, AwsRequestOverrideConfiguration condition) {
        client.copyObject(copy -> copy.sourceBucket(bucket)
                .sourceKey(source(key))
                .destinationBucket(bucket)
                .destinationKey(key)
                .overrideConfiguration(condition));
    }

    private static void complete(
            S3Client client, String bucket, String key, AwsRequestOverrideConfiguration condition) {
        String id = client.createMultipartUpload(create -> create.bucket(bucket).key(key))
                .uploadId();
        String etag = client.uploadPart(
                        part -> part.bucket(bucket).key(key).uploadId(id).partNumber(1), RequestBody.fromString(NEW))
                .eTag();
        try {
            client.completeMultipartUpload(complete -> complete.bucket(bucket)
                    .key(key)
                    .uploadId(id)
                    .multipartUpload(upload -> upload.parts(
                            CompletedPart.builder().partNumber(1).eTag(etag).build()))
                    .overrideConfiguration(condition));
        } catch (S3Exception e) {
            client.abortMultipartUpload(abort -> abort.bucket(bucket).key(key).uploadId(id));
            throw e;
        }
    }
}
