package com.example.images;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.StoreOptions;
import io.blobstore.spring.BlobResource;
import io.blobstore.spring.BlobResponse;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import io.blobstore.transfer.UploadOptions;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.channels.Channels;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Images by their names, in the store {@code images} of the configuration. */
@RestController
class ImagesController {
    private final TransferManager transfers;
    private final BlobStore images;

    ImagesController(TransferManager transfers, BlobStore images) {
        this.transfers = transfers;
        this.images = images;
    }

    /** Stores the body of a request while it arrives, in parts if it is large; nothing of it if the client fails. */
    @PutMapping("/images/{name}")
    @ResponseStatus(HttpStatus.CREATED)
    void put(
            @PathVariable("name") String name,
            @RequestHeader(name = "Content-Type", defaultValue = MediaType.APPLICATION_OCTET_STREAM_VALUE) String type,
            HttpServletRequest request)
            throws IOException {
        UploadOptions options = UploadOptions.builder()
                .store(StoreOptions.builder().contentType(type).build())
                .build();
        long size = request.getContentLengthLong(); // -1 if it is not known
        try (BlobWriter writer =
                transfers.openWriter(images, BlobKey.of(name), size < 0 ? TransferProgress.UNKNOWN : size, options)) {
            request.getInputStream().transferTo(Channels.newOutputStream(writer));
            writer.complete();
        }
    }

    /** Responds with an image, or the range of it that is requested. */
    @GetMapping("/images/{name}")
    void get(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        BlobResponse.send(new BlobResource(transfers, images, BlobKey.of(name)), request, response);
    }

    @DeleteMapping("/images/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(@PathVariable("name") String name) throws IOException {
        images.delete(BlobKey.of(name));
    }
}
