@echo off
rem Runs the command `overnight` with the arguments of this file, without a pause.
rem The home is the project's folder unless OVERNIGHT_HOME or --home names another.
setlocal
chcp 65001 >nul
set "PYTHONUTF8=1"
for %%I in ("%~dp0..") do set "PROJECT=%%~fI"
if not defined OVERNIGHT_HOME set "OVERNIGHT_HOME=%PROJECT%"
set "UV=%USERPROFILE%\.local\bin\uv.exe"
for %%I in (uv.cmd uv.exe) do if not "%%~$PATH:I"=="" set "UV=%%~$PATH:I"
if exist "%UV%" goto run
echo overnight: uv is not installed; install it in a terminal, then start this again:
echo     winget install --id=astral-sh.uv -e
exit /b 2
:run
call "%UV%" run --project "%PROJECT%" overnight %*
