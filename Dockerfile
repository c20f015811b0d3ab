# The app, its command line, and the workers of a sweep. CPU only: for a GPU, install torch's CUDA build.
FROM python:3.12-slim

WORKDIR /srv/resnet-lab
COPY requirements.txt requirements-export.txt requirements-cluster.txt ./
RUN pip install --no-cache-dir torch torchvision --index-url https://download.pytorch.org/whl/cpu \
    && pip install --no-cache-dir -r requirements.txt -r requirements-export.txt -r requirements-cluster.txt

COPY . .
RUN useradd --create-home lab && mkdir /data && chown lab /data
USER lab
# Results, uploads and data sets are kept here: mount a volume.
ENV RESNET_LAB_DATA=/data

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8501/_stcore/health')"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.headless=true"]
