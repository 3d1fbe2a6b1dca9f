package io.blobstore.bench;

import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import com.google.cloud.storage.HttpStorageOptions;
import com.google.cloud.storage.StorageOptions;
import java.time.Duration;
import java.util.Date;

/** What the contestants with google-cloud-storage have in common. */
final class GoogleSdk {
    private GoogleSdk() {}

    /** A token that opens nothing. */
    static OAuth2Credentials credentials() {
        Date end = new Date(System.currentTimeMillis() + Duration.ofDays(1).toMillis());
        return OAuth2Credentials.create(new AccessToken("benchmark", end));
    }

    static HttpStorageOptions options(TransferSpec job) {
        return StorageOptions.http()
                .setHost(job.endpoint().toString())
                .setProjectId("benchmark")
                .setCredentials(credentials())
                .build();
    }
}
