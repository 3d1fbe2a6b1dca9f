package io.blobstore.gcs.grpc;

import com.google.storage.v2.Object;
import io.blobstore.StoreOptions;
import java.util.Optional;

/**
 * What a new object is created with.
 *
 * @param options content headers and user metadata; the precondition is not evaluated here
 * @param storageClass empty for the bucket's
 * @param kmsKey empty for the bucket's
 * @param ifGeneration the generation that the object must have before, 0 for none; empty for no condition
 */
public record ObjectAttributes(
        StoreOptions options, Optional<String> storageClass, Optional<String> kmsKey, Optional<Long> ifGeneration) {
    Object resource(String bucketResource, String object) {
        Object.Builder resource = Object.newBuilder().setBucket(bucketResource).setName(object);
        options.contentType().ifPresent(resource::setContentType);
        options.contentEncoding().ifPresent(resource::setContentEncoding);
        options.contentLanguage().ifPresent(resource::setContentLanguage);
        options.contentDisposition().ifPresent(resource::setContentDisposition);
        options.cacheControl().ifPresent(resource::setCacheControl);
        resource.putAllMetadata(options.userMetadata());
        storageClass.ifPresent(resource::setStorageClass);
        kmsKey.ifPresent(resource::setKmsKey);
        return resource.build();
    }
}
