package io.blobstore.bench;

import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import com.google.cloud.storage.HttpStorageOptions;
import com.google.cloud.storage.StorageOptions;
import java.time.Duration;
import java.util.Date;

/** What the clients that use google-cloud-storage share. */
final class GoogleSdk {
    private GoogleSdk() {}

    /** Returns an access token without any permission. */
    static OAuth2Credentials credentials() {
        Date end = new Date(System.currentTimeMillis() + Duration.ofDays(1).toMillis());
        return OAuth2Credentials.create(new AccessToken("benchmark", end));
    }

    static HttpStorageOptions options(TransferSpec spec) {
        return StorageOptions.http()
                .setHost(spec.endpoint().toString())
                .setProjectId("benchmark")
                .setCredentials(credentials())
                .build();
    }
}
