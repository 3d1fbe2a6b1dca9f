package io.blobstore.s3;

import io.blobstore.StoreUri;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedBound;
import io.blobstore.http.ScriptedServer.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** The limit on connections applies to the requests of the data plane and of the SDK together. */
@ExtendWith(LeakCheck.class)
class MaxConnectionsTest {
    @Test
    void theLimitInTheUriIsKept() throws Exception {
        ScriptedBound.assertKept(
                endpoint -> S3BlobStoreProvider.builder(StoreUri.parse(
                                "s3://some-bucket?region=us-east-1&pathStyle=true&maxConnections=1&endpoint="
                                        + endpoint))
                        .credentials(StaticCredentialsProvider.create(
                                AwsBasicCredentials.create(ScriptedS3.ACCESS_KEY, ScriptedS3.SECRET_KEY)))
                        .open(),
                exchange -> exchange.respondHead(200, 0, ScriptedS3.ETAG, ScriptedS3.MODIFIED),
                Script.responding(200, "", ScriptedS3.ETAG));
    }
}
